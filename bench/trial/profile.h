/* What one server does for a request: its system calls by name, counted under a load; and the
 * sequence of calls of one request. */
#ifndef IOM_PROFILE_H
#define IOM_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"
#include "bench/base/system_calls.h"
#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/trial/perf.h"
#include "bench/trial/strace.h"

struct profile_setup {
    const struct model *model; /* one of ours */
    const char *options;       /* of the server: words; NULL for none */
    enum protocol protocol;
    const char *path;
    uint64_t payload; /* bytes of an echo message */
    unsigned connections;
    uint64_t window_ns;
    const struct placement *placement;
    const char *loadgen;
    bool may_lose; /* the model serves fewer connections at one time */
};

/* Counted from the beginning of a load to its last answer, and divided by its answers. */
struct profile_counts {
    double requests;
    double calls[CALL_COUNT];       /* NaN: not to be had */
    double counters[PERF_COUNTERS]; /* NaN: not to be had; PERF_TASK_CLOCK in ns */
    double wakeups, events, eagain; /* the server's own, over its whole life */
    bool by_name;                   /* calls are there */
};

/* Start the server, load it for one window, stop it. False with the reason. */
bool profile_count(const struct profile_setup *setup, struct profile_counts *out, char *reason,
                   size_t reason_size);

/* Times count from when the request was sent. The calls stand in the order in which they began, or
 * returned from a wait. */
struct life {
    struct strace trace;
    int64_t end; /* when the server was at rest again */
};

/* Start the server under strace, send requests over one connection, and find the calls of the last
 * one. `dir` is for the trace. False with the reason: no strace, or it may not trace. */
bool life_trace(const struct profile_setup *setup, const char *dir, struct life *out,
                char *reason, size_t reason_size);
void life_free(struct life *l);

#endif
