/* One side of a session: its server, up and connected, and the load that only it gets. */
#ifndef IOM_SIDE_H
#define IOM_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/tree.h"
#include "bench/duel/duel.h"
#include "bench/trial/server_process.h"
#include "bench/trial/window_load.h"

struct side {
    const struct duel_spec *spec;
    const struct contestant *contestant;
    struct server server;
    struct window_load load;
    struct tree tree; /* of the server, once all connections are there */
    bool paused;
};

enum side_result { SIDE_OK, SIDE_FAILED, SIDE_INTERRUPTED };

/* Start the server, then its load. side_end() in every case. On SIDE_FAILED `reason` says why, here
 * and below. */
enum side_result side_start(struct side *s, const struct duel_spec *spec, int which,
                            char *reason, size_t reason_size);

/* Wait until all connections are there and have had an answer. */
enum side_result side_connected(struct side *s, char *reason, size_t reason_size);

/* CPU time that the server used so far, all of its processes, in nanoseconds. */
double side_cpu_ns(const struct side *s);

/* Stop all processes of the server by SIGSTOP, and let them go on. */
void side_pause(struct side *s);
void side_go_on(struct side *s);

/* Load this side for one window; `cpu_ns` becomes what its server used from the command to the last
 * answer. A window in which a request failed is SIDE_FAILED. */
enum side_result side_measure(struct side *s, uint64_t duration_ns, struct window *out,
                              double *cpu_ns, char *reason, size_t reason_size);

/* End load and server, and see that both ended well: false with the reason where not. */
bool side_finish(struct side *s, char *reason, size_t reason_size);

/* Whatever is left of it is gone after this. */
void side_end(struct side *s);

#endif
