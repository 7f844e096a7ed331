/* Many connections held at one time: pairs of a server and a load generator, as many as the limit
 * of descriptors makes necessary. */
#ifndef IOM_SCALE_HOLD_H
#define IOM_SCALE_HOLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"
#include "bench/plan/models.h"
#include "bench/scale/memory.h"
#include "bench/scale/shape.h"

struct scale_setup {
    const struct model *model;
    const char *options; /* of the servers, or NULL */
    const char *loadgen; /* the program */
    const char *dir;     /* where files may lie for a moment */
    enum protocol protocol;
    unsigned descriptors; /* of a process */
    unsigned at_once;     /* generators that connect at one time */
    unsigned honest;      /* clients beside, on a few of the servers; 0: none */
    unsigned answers;     /* that each connection is to have while all are open; 0: none */
    uint64_t rate;        /* of the requests for them, a second */
    double reserve;       /* KiB of memory that must stay free */
};

/* When honest clients are measured: before the connections are there, while they are silent, and
 * while they ask. */
enum scale_moment { SCALE_ALONE, SCALE_SILENT, SCALE_ASKING, SCALE_MOMENTS };

struct scale_honest {
    bool there;
    double clients, requests, p50_us, p99_us, max_us;
    double failed; /* requests that had no answer or a wrong one; they are in no figure above */
    char cause[128]; /* of the first of these; "" where nobody told */
    char verdict[24];
};

struct scale_point {
    struct scale_shape shape;
    double connect_s; /* from the first connect() until the last connection had an answer */
    struct scale_memory before; /* servers are there, and no connection */
    struct scale_memory held;   /* all are open, and silent */
    double least;               /* KiB that were available at the least */
    struct scale_honest honest[SCALE_MOMENTS];
    json_t *crowd;   /* what all generators measured together; NULL without answers */
    double answers;  /* that the connection with the fewest had */
    double requests; /* answered in the window */
    double failed;
    double rate;   /* answers a second */
    double cpu_us; /* CPU time of the servers for one of them, the honest clients' among them */
};

/* Hold so many connections, in fresh servers. False with one line in `reason`, "" where there was
 * an interrupt; free `out` in both cases. */
bool scale_hold(const struct scale_setup *setup, const struct scale_shape *shape,
                struct scale_point *out, char *reason, size_t reason_size);
void scale_point_free(struct scale_point *p);

/* KiB that a point's connections took: programs, and the kernel. */
double scale_taken(const struct scale_point *p);

#endif
