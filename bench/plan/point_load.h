/* What the load generator does at a point, besides keeping connections busy. */
#ifndef IOM_POINT_LOAD_H
#define IOM_POINT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/plan/plan.h"
#include "bench/plan/scenario.h"

struct point_load {
    const char *path;        /* what http asks for, where the axis does not say */
    char of_axis[32];        /* the path that the axis says; "" */
    uint64_t payload;        /* bytes of an echo message */
    unsigned pipeline;       /* requests under way on a connection; 0: one */
    unsigned per_connection; /* requests on a connection; 0: no limit */
    unsigned idle, slow_readers, slow_senders;
};

struct point_load point_load_of(const struct scenario *s, const struct plan_trial *t);

/* That of the yardstick beside it: without the connections that send nothing or slowly, which are
 * the server's burden and no load. */
struct point_load point_load_of_yardstick(const struct point_load *load);

/* The path that is asked for. It lives as long as `load` does. */
const char *point_load_path(const struct point_load *load);

bool point_load_same(const struct point_load *a, const struct point_load *b);

/* How long the load takes, at least, to put so many connections in full swing. */
uint64_t point_load_start_ns(const struct point_load *load, unsigned connections);

#endif
