/* The experiment of the two speeds. One server is loaded in short windows in turn: by a generator
 * that sleeps while it waits, by one that never does, and with somebody else on either CPU. What
 * differs between windows that alternate is what the condition does. */
#ifndef IOM_SPEEDS_H
#define IOM_SPEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan/models.h"
#include "bench/plan/placement.h"

enum speed_condition {
    SPEED_SLEEP,          /* the generator as it is */
    SPEED_SPIN,           /* with --spin */
    SPEED_NEIGHBOUR,      /* as it is, beside a program that wants its CPUs as well */
    SPEED_IDLE_SERVER,    /* as it is; the server's CPUs never idle (SCHED_IDLE) */
    SPEED_IDLE_GENERATOR, /* as it is; the generator's CPUs never idle */
    SPEED_CONDITIONS
};

/* The figures of a window: enumerator, column of windows.csv, decimals. All but the rate are from
 * the command to the moment when all was answered. */
#define SPEED_FIGURES(X)                                                                       \
    X(RPS, "requests_per_second", 1)                                                           \
    X(P50_US, "p50_us", 3)                                                                     \
    X(CPU_US, "server_cpu_us_per_request", 4)                                                  \
    X(CPU_FRACTION, "server_cpu_fraction", 4)                                                  \
    X(WAKINGS, "wakings_per_request", 5)                                                       \
    X(SWITCHES, "server_switches_per_request", 5)                                              \
    X(SLEPT, "generator_slept_fraction", 4)                                                    \
    X(GENERATOR_SWITCHES, "generator_switches_per_request", 5)                                 \
    X(GENERATOR_CPU_US, "generator_cpu_us_per_request", 4)                                     \
    X(OTHER_SERVER, "other_server_cpu_fraction", 3)                                            \
    X(OTHER_GENERATOR, "other_generator_cpu_fraction", 3)                                      \
    X(STOLEN_SERVER, "stolen_server_cpu_fraction", 3)                                          \
    X(STOLEN_GENERATOR, "stolen_generator_cpu_fraction", 3)                                    \
    X(REQUESTS, "requests", 0)                                                                 \
    X(ACTIVE_S, "active_s", 6)

#define SPEED_ENUM(id, name, digits) SPEED_##id,
enum speed_figure { SPEED_FIGURES(SPEED_ENUM) SPEED_FIGURE_COUNT };
#undef SPEED_ENUM

struct speed_window {
    const char *model;
    unsigned connections;
    unsigned round;
    enum speed_condition condition;
    double value[SPEED_FIGURE_COUNT]; /* NaN: not to be had */
};

extern const char *const speed_condition_names[SPEED_CONDITIONS];
extern const char *const speed_figure_names[SPEED_FIGURE_COUNT];
extern const int speed_figure_digits[SPEED_FIGURE_COUNT];

struct speeds_setup {
    const struct placement *placement;
    const char *loadgen;
    const struct model *model; /* one of ours; serves all connections at one time */
    unsigned connections;
    unsigned rounds; /* each has a window of each condition, in an order by the seed */
    uint64_t window_ns;
    uint64_t seed;
    bool count_wakings;
    void (*take)(void *taker, const struct speed_window *w); /* called for each window */
    void *taker;
};

/* Measure. False with the reason where it could not be done, or not to its end. */
bool speeds_measure(const struct speeds_setup *setup, char *reason, size_t reason_size);

#endif
