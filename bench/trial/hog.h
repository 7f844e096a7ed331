/* The experiment of the hog: one client asks for much CPU again and again, while others ask for
 * little. */
#ifndef IOM_TRIAL_HOG_H
#define IOM_TRIAL_HOG_H

#include "bench/trial/timeline.h"

/* What the others get: without the hog, and with it. */
struct hog_side {
    double rate; /* answers a second */
    double p50_us, p99_us, max_us;
    double answered;   /* the share of the steps of 10 ms in which somebody was answered */
    double silence_ms; /* the longest time without any answer */
};

struct hog {
    struct timeline series; /* the two loads one after the other; the second begins at 0 */
    struct hog_side without, with;
    double hog_rate; /* answers a second that the hog got */
};

/* Measure. False with the reason, "" where there was an interrupt. Free `out->series` after
 * success. */
bool hog_measure(const struct timeline_setup *setup, struct hog *out, char *reason,
                 size_t reason_size);

#endif
