/* The whole measurement of a lesson: in every round one window of each side, in an order that turns
 * round from one round to the next, so that a drift of the machine cancels. */
#ifndef IOM_LESSON_MEASURE_H
#define IOM_LESSON_MEASURE_H

#include <stdbool.h>

#include "bench/lesson/servers.h"
#include "bench/lesson/window.h"

struct lesson_setup {
    const struct lesson *lesson;
    unsigned rounds;
    uint64_t window_ns;
    uint64_t seed; /* of the order, and of what the load generator draws in each round */
    const struct lesson_servers *servers;
    const char *loadgen;
    const struct placement *placement;
    /* Called before each window; NULL: nobody is told. */
    void (*tell)(unsigned window, unsigned windows);
};

struct lesson_measured {
    struct lesson_windows windows;
    unsigned doubted; /* windows of which the load generator doubts its figures */
    char doubt[300];  /* why, of the last one, behind the name of its side */
    double seconds;
    bool interrupted;
    char reason[600]; /* why the measurement failed; "" where it did not */
};

/* Measure. A side that cannot run here has no values, and the others are measured all the same.
 * False where it failed or was interrupted. lesson_measured_free() in every case. */
bool lesson_measure(struct lesson_measured *m, const struct lesson_setup *setup);
void lesson_measured_free(struct lesson_measured *m);

#endif
