/* A run held against its own raw data, by whoever doubts it. */
#ifndef IOM_VERIFY_H
#define IOM_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/record/results.h"

struct verify {
    FILE *f; /* a line for each disagreement, "FILE:LINE: what is wrong" */
    const char *dir;
    size_t trials, checks, disagreements;
    size_t unknown; /* checks that could not be made: data that the run does not have */
    size_t no_histogram, no_generator_verdict, breaks_little, no_column; /* what these are */
};

/* Check everything there is to check in `r`, read from its directory:
 * - environment.json and scenario.ini tell of the same scenario; its seed, scenario, servers and
 *   limits make a plan that has each trial at its place, and each trial of the plan is there;
 * - each row's figures get the same verdict and reason by the same judge();
 * - its histogram holds as many samples as the row tells of, in buckets of common/histogram.h; its
 *   percentiles are those of the row, mean and deviation lie within what the buckets allow;
 * - no histogram belongs to no trial;
 * - summary.csv, ratios.csv and predictions.csv are, byte for byte, what is made of the rows. Of a
 *   version with fewer columns, those that are there are compared.
 *
 * Rows without the column generator_verdict are older than the laws of trial/consistent.h: they are
 * judged without these, with each verdict that a generator can give; whether they break Little's
 * law is counted in `unknown`. */
void verify_run(struct verify *v, const struct results *r);

#endif
