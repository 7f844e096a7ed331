/* The A/A arm of a run: the yardstick held against itself.
 *
 * In each trial a window of the yardstick is also held against the two windows of the yardstick
 * around it, as the windows of the trial are. These two lie further apart in time than a window of
 * the trial and the yardstick beside it do. So the noise that this shows is at least that of the
 * ratios of the models. What a restart of the server adds is not in it. */
#ifndef IOM_NOISE_FLOOR_H
#define IOM_NOISE_FLOOR_H

#include <stddef.h>

#include "bench/trial/row.h"

enum { NOISE_PAIRS_MIN = 20, NOISE_TRIALS_MIN = 20 };

struct noise_floor {
    size_t trials;  /* that held the yardstick against itself */
    double typical; /* half of the ratios are no further from 1 than this; NaN: no trials */
    double most;    /* 95 of 100 are no further */
    size_t pairs;   /* of two models at the same point */
    size_t flagged; /* of these, whose intervals do not overlap, though both are equal */
    /* The ranking tells two servers apart where the lower end of one is more than so many times the
     * upper end of the other: 1 at least, and as much as it takes to tell no more than 5 of 100 of
     * the pairs apart. With fewer than 20 pairs it is `most` that says how much noise there is. */
    double apart;
    size_t jumped;  /* windows beside which the yardstick jumped, and */
    size_t windows; /* all windows */
};

struct noise_floor noise_floor_of(const struct trial_rows *rows);

#endif
