/* Which model is how fast, and which have no rank. */
#ifndef IOM_RANKING_H
#define IOM_RANKING_H

#include <stddef.h>

#include "bench/record/results.h"

/* The points of one protocol at the connections at which models are compared. The ranked points
 * come first, most requests per second first; then come the points that are not ranked. Where a
 * point's interval overlaps that of the first point of a rank, or the gap between them is one that
 * noise makes (summary_apart()), it shares the rank: this run does not tell the two apart. */
struct ranking {
    const struct summary_point **at;
    size_t *rank; /* of each, from 1; 0: not ranked */
    size_t ranked;
    size_t count;
};

void ranking_make(struct ranking *r, const struct results *results, enum protocol protocol);
void ranking_free(struct ranking *r);

/* "3" for the first of that rank, "=" for whoever shares it, `none` where it is not ranked. */
const char *ranking_text(const struct ranking *r, size_t i, const char *none, char out[32]);

/* What a reader of the ranking must know, in sentences. */
extern const char ranking_note[];

/* Why a point is not ranked: unsupported, INVALID, another answer than ours, limited by the
 * generator, or starving; NULL where it is. */
const char *ranking_excuse(const struct summary_point *p, char buffer[512]);

#endif
