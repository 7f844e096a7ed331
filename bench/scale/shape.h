/* How many processes so many connections need, and whether this machine allows them. */
#ifndef IOM_SCALE_SHAPE_H
#define IOM_SCALE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct scale_shape {
    unsigned connections; /* in all */
    unsigned pairs;       /* of a server and the load generator that connects to it */
    unsigned sources;     /* local addresses of each generator: each has so many ports */
};

/* Part `i` of `whole`, where the parts differ by 1 at most. */
unsigned scale_share(unsigned whole, unsigned parts, unsigned i);

/* The connections of pair `i`. */
unsigned scale_part(const struct scale_shape *s, unsigned i);

/* The local addresses of the generator of pair `i`, for --source: of 127.100.0.0 and above, and no
 * other pair's. */
enum { SCALE_SOURCE_TEXT = 64 };
char *scale_sources(const struct scale_shape *s, unsigned i, char out[SCALE_SOURCE_TEXT]);

/* `descriptors`: that a process may have; `honest`: connections that each server has besides.
 * False with one line in `reason` where the kernel's limits do not allow so many. */
bool scale_shape_find(struct scale_shape *out, unsigned connections, unsigned descriptors,
                      unsigned honest, char *reason, size_t reason_size);

/* What connections take, as a sum that was measured with fewer. Memory in KiB. */
struct scale_cost {
    double each;       /* a connection: both of its ends, in the kernel and in both programs */
    double pair;       /* a server and a generator without connections */
    double tasks_each; /* threads and processes of a server, for a connection */
    double tasks_pair; /* and those it has without any */
};

/* What two pilots tell: `few` connections to one server took `first`, and `many` took `second`;
 * without connections the server took `server`. KiB. False with one line in `reason` where the
 * memory is not known, and where more connections did not take more. `few` is 0 where `many` are
 * all that are asked for: they were held, so they may even have taken less than other programs
 * gave back meanwhile. */
struct scale_pilot {
    unsigned few, many;
    double first, second, server;
    double tasks_each, tasks_pair; /* of scale_cost */
};
bool scale_cost_find(const struct scale_pilot *p, struct scale_cost *out, char *reason,
                     size_t reason_size);

double scale_sum(const struct scale_cost *c, const struct scale_shape *s);

/* Whether memory allows it: the sum, and `reserve` of `available` stays free. False with the sum in
 * `reason`. KiB. */
bool scale_fits(const struct scale_cost *c, const struct scale_shape *s, double available,
                double reserve, char *reason, size_t reason_size);

#endif
