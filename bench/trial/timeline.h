/* What clients get, in steps of 10 ms, while something happens to their server: a request crashes
 * it, one client asks for all of its CPU, or clients come that hardly read. */
#ifndef IOM_TIMELINE_H
#define IOM_TIMELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/trial/load_events.h"
#include "bench/trial/server_process.h"

enum { TIMELINE_STEP_MS = 10 };

struct timeline_bin {
    double at_s; /* its end; 0 is the event */
    double answers;
    double failed;                 /* requests without an answer */
    double p50_us, p99_us, max_us; /* NaN where nothing was answered */
};

struct timeline {
    struct timeline_bin *at;
    size_t count;
};

void timeline_free(struct timeline *t);

/* The longest time without any answer, in ms, of the steps that end in (from_s, to_s]. */
double timeline_silence_ms(const struct timeline *t, double from_s, double to_s);

/* The share of the steps that end in (from_s, to_s] in which somebody was answered; NaN where there
 * are none. */
double timeline_answered(const struct timeline *t, double from_s, double to_s);

/* Answers a second in the steps that end in (from_s, to_s]; NaN where there are none. */
double timeline_rate(const struct timeline *t, double from_s, double to_s);

/* A server and its clients. */
struct timeline_setup {
    const struct model *model;    /* one of ours, which serves `connections` + 1 at one time */
    const char *options;          /* of the server; "" for none */
    const char *label;            /* what the figures are called */
    unsigned connections;         /* of the clients that ask for little */
    uint64_t before_ns, after_ns; /* the time before and after the event */
    uint64_t cpu_us;              /* what the hog asks for */
    unsigned slow;                /* how many slow clients come */
    const struct placement *placement;
    const char *loadgen;
    const char *dir; /* for files that go again */
};

/* A load generator that keeps its time series. */
struct timeline_load {
    struct process process;
    struct load_events events;
    int hold; /* its standard input: while it is open the connections are kept */
    char *json, *csv;
};

struct timeline_load_spec {
    const char *program;
    const char *address;
    const char *path;
    const char *dir;
    const char *name; /* of its files there */
    unsigned connections;
    unsigned per_connection; /* requests on a connection; 0: without end */
    unsigned slow_readers;   /* besides */
    unsigned rate;           /* requests a second; 0: a closed loop */
    uint64_t warmup_ns, duration_ns;
    bool settle; /* each connection is to have an answer before the load */
    const cpu_set_t *cpus;
};

void timeline_load_start(struct timeline_load *l, const struct timeline_load_spec *spec);

/* Wait for its event `name`. `server` is watched as well; NULL: it may die. False with the reason;
 * "" where there was an interrupt. */
bool timeline_load_wait(struct timeline_load *l, const char *name, struct process *server,
                        uint64_t deadline, char *reason, size_t reason_size);

/* Let it drop its connections and end, and read what it left: `*series` with the window's opening
 * at `zero_s` after the event (below 0: before it), and the results, which the caller decrefs. NULL
 * with the reason. */
json_t *timeline_load_finish(struct timeline_load *l, double zero_s, struct timeline *series,
                             char *reason, size_t reason_size);
void timeline_load_destroy(struct timeline_load *l);

/* Start `server`, let `run` go on beside it, and stop it, unless *`died` tells by then that it is
 * gone (NULL: it may not be). run() ends the loads that it starts. False with the reason; "" where
 * there was an interrupt. */
bool timeline_beside(struct server *server, const struct server_spec *spec,
                     bool (*run)(void *state), void *state, const bool *died, char *reason,
                     size_t reason_size);

#endif
