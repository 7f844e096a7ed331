/* The contract between the rounds of measure.c and the files that know how to measure something. */
#ifndef IOM_PROBE_H
#define IOM_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/machine/unit_costs.h"

struct probe_site {
    int server_cpu; /* this process is bound to it */
    int other_cpu;  /* the generator's; -1 where both share one */
    const char *session_program;
};

/* One cost. */
struct probe {
    enum unit_cost cost;
    /* Do it `n` times, or `n` times as often as is handy, and return the nanoseconds of one; NaN
     * with errno where a call fails. */
    double (*batch)(void *state, unsigned n);
};

enum { PROBES_MAX = 6 };

/* Costs that share what is to be set up. */
struct probe_kind {
    /* Returns the state of the batches, or NULL with one line in `why`. */
    void *(*open)(const struct probe_site *site, char *why, size_t why_size);
    void (*close)(void *state);
    bool apart; /* in a process of its own: it has threads, or must be small */
    struct probe probes[PROBES_MAX];
    size_t count;
};

/* Write "WHAT: the reason that errno holds" into `why`; returns NULL. */
void *probe_refused(char *why, size_t why_size, const char *what);

extern const struct probe_kind probes_cpu, probes_memory, probes_sockets, probes_accept,
    probes_epoll, probes_idle, probes_uring, probes_switch_threads, probes_switch_processes,
    probes_wake, probes_tasks, probes_session, probes_far, probes_far_ring, probes_far_sleep,
    probes_far_sleep_processes, probes_far_sleep_one, probes_calls;

#endif
