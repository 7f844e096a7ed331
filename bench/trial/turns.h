/* A trial in windows that alternate with windows on the yardstick. */
#ifndef IOM_TURNS_H
#define IOM_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/trial/row.h"
#include "bench/trial/watch.h"
#include "bench/trial/window_load.h"
#include "bench/trial/yardstick.h"

struct turns {
    struct yardstick *yardstick; /* ready */
    struct window_load *load;    /* of the trial; connected */
    struct watch *watch;
    uint64_t window_ns;
    uint64_t warmup_ns; /* before the first window */
    unsigned windows;
    unsigned connections;
    const struct point_load *asked;
};

/* Measure: a window on the yardstick, one of the trial, and so on, one on the yardstick last. A
 * window beside which the yardstick jumped, by a quarter or more, is measured once more, as long
 * as there are no more than one and a half times the windows that were asked for. A server that
 * burns CPU while it has nothing to do is stopped (SIGSTOP) during the yardstick's windows. */
enum load_result turns_measure(const struct turns *t, struct row_windows *out, char *reason,
                               size_t reason_size);

/* A trial of one window: `before` and `after` on the yardstick stand around it. */
void turns_single(struct row_windows *out, double rps, double before, double after);

/* The columns of the yardstick, from the windows. `rps`: of the trial as a whole. */
void turns_columns(struct trial_row *row);

#endif
