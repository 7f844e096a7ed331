/* Several reports of iomodels-load, of generators that loaded one server together, as one.
 *
 * Counts are added, histograms bucket by bucket, and what follows from them is computed anew: no
 * percentile and no share is averaged. The result has the members that one report has
 * (docs/load-json.schema.json), and can be merged again. */
#ifndef IOM_MERGE_H
#define IOM_MERGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The windows must open together, within this part of the window. */
#define MERGE_SKEW 0.01

/* One report. */
struct merge_input {
    const char *name; /* of its file */
    json_t *report;
};

/* Returns a new reference. NULL where the reports are not of one load, or are no reports: `why`
 * says which is not, and why. `count` is 1 or more. */
json_t *merge(const struct merge_input *inputs, size_t count, char *why, size_t size);

#endif
