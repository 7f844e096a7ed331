/* The experiment of the slow clients: honest ones load a server over short connections, and then
 * clients come that ask for much and hardly read. */
#ifndef IOM_SLOW_CLIENTS_H
#define IOM_SLOW_CLIENTS_H

#include "bench/trial/timeline.h"

/* Requests of an honest client on one connection. With a connection that stays, who came first
 * would keep what serves it. */
enum { SLOW_CLIENTS_PER_CONNECTION = 10 };

struct slow_clients {
    struct timeline series; /* of the honest clients; 0 is when the slow ones begin to come */
    double rate_before,
        rate_after; /* answers a second before, and in the second half of after */
    /* the share of the steps of 10 ms in which somebody was answered, of the same times */
    double answered_before, answered_after;
    double silence_ms; /* the longest time without any answer, after */
};

/* Measure. False with the reason, "" where there was an interrupt. Free `out->series` after
 * success. */
bool slow_clients_measure(const struct timeline_setup *setup, struct slow_clients *out,
                          char *reason, size_t reason_size);

#endif
