/* The yardstick: one reference server that stays up while the trials of a run come and go.
 *
 * The windows of a trial alternate with short windows on the yardstick, with as many connections
 * and the same requests. What slows the machine down for a second slows both down, and the ratio
 * of the two stands where each figure by itself moves (duet benchmarking: Bulej et al., "Duet
 * Benchmarking", ICPE 2020). */
#ifndef IOM_YARDSTICK_H
#define IOM_YARDSTICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan/placement.h"
#include "bench/plan/scenario.h"
#include "bench/trial/server_process.h"
#include "bench/trial/window_load.h"

struct yardstick {
    const struct model *model;
    const struct scenario *scenario;
    const struct placement *placement;
    const char *loadgen;
    struct server server;
    struct window_load load;
    bool up; /* the server, in */
    enum protocol protocol;
    bool connected; /* the load, with */
    unsigned connections;
    struct point_load asked;
};

/* Be ready for windows of that protocol and such a load on so many connections, by
 * `threads` of the generator.
 * What is up stays where it fits. False, with the reason, where it does not come up; the next call
 * tries again. */
bool yardstick_ready(struct yardstick *y, enum protocol protocol, const struct point_load *load,
                     unsigned connections, unsigned threads, char *reason, size_t reason_size);

/* How long a window of the yardstick is: some thousand requests, and a few on each connection. */
uint64_t yardstick_window_ns(const struct point_load *load, unsigned connections);

/* One window. Where nothing was answered in it, which a crowded machine does to a good server,
 * a longer one is measured. Returns requests a second; NaN where nothing was answered in that
 * either, and, with the yardstick ended, where server or load failed or was interrupted. */
double yardstick_window(struct yardstick *y);

/* End server and load. */
void yardstick_end(struct yardstick *y);

#endif
