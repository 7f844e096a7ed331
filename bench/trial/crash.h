/* The experiment of the crash: one client's request kills what serves it, in the middle of the load
 * of others. */
#ifndef IOM_TRIAL_CRASH_H
#define IOM_TRIAL_CRASH_H

#include "bench/trial/timeline.h"

struct crash {
    struct timeline series; /* 0: the client that asked saw its end */
    unsigned processes;     /* of the server, before */
    unsigned died;          /* of these */
    unsigned replaced;      /* processes that were there at the end and not before */
    bool server_died;       /* the first process, and so all */
    double cut;             /* connections of the others that ended by it */
    double failed; /* their requests that got no answer, refused connections included */
    /* From the crash until the last who waited since then was answered, and nobody is refused, in
     * steps of 10 ms; INFINITY: not in the time looked at. */
    double again_ms;
    double silence_ms;  /* the longest time without any answer after the crash */
    double rate_before; /* answers a second */
    double rate_after;  /* in the last half of the time after */
};

/* Measure. False with the reason, "" where there was an interrupt. Free `out->series` after
 * success. */
bool crash_measure(const struct timeline_setup *setup, struct crash *out, char *reason,
                   size_t reason_size);

#endif
