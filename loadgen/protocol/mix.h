/* Which of several URLs the next request is for: a choice at random, by weight.
 *
 * A table made once (Walker's alias method, in the form of Vose, "A Linear Algorithm for
 * Generating Random Numbers with a Given Distribution", IEEE Transactions on Software
 * Engineering 17(9), 1991) makes a choice cost one random number, one multiplication and one
 * comparison, however many URLs there are. Each connection has a state of its own, so what it asks
 * for depends on the seed alone: not on the others, the threads, or how fast the answers come. */
#ifndef IOM_MIX_H
#define IOM_MIX_H

#include <stdint.h>

#include "common/random.h"

/* One part of the table: `own` if the draw is below the limit, `other` where it is not. */
struct mix_column {
    uint32_t limit; /* of 2^32; a column that is all its own is both */
    uint16_t own, other;
};

struct mix {
    struct mix_column *columns;
    uint32_t count;
};

/* Make the table of `count` (1 to 65535) weights, each at least 1. The caller frees it with
 * mix_free(). */
void mix_init(struct mix *mix, const uint32_t *weights, uint32_t count);

void mix_free(struct mix *mix);

/* The next choice; moves `*state`, a random_stream(), on. */
static inline uint32_t mix_next(const struct mix *mix, uint64_t *state)
{
    uint64_t random = random_next(state);
    const struct mix_column *c = &mix->columns[(random >> 32) * mix->count >> 32];
    return (uint32_t)random < c->limit ? c->own : c->other;
}

#endif
