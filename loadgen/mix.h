/* Which of several URLs the next request is for: a choice at random, by weight.
 *
 * A table made once (Walker's alias method, in the form of Vose, "A Linear Algorithm for
 * Generating Random Numbers with a Given Distribution", IEEE Transactions on Software
 * Engineering 17(9), 1991) makes a choice cost one random number, one multiplication and one
 * comparison, however many URLs there are. The state is a thread's own, so the choices of one
 * depend on the seed alone and not on what the others do. */
#ifndef IOM_MIX_H
#define IOM_MIX_H

#include <stdint.h>

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

/* The state of thread `thread` for `seed`. */
static inline uint64_t mix_seed(uint64_t seed, uint32_t thread)
{
    return seed * UINT64_C(0xd1342543de82ef95) + thread * UINT64_C(0xaf251af3b0f025b5);
}

/* The next choice; moves `*state` on. SplitMix64 (Steele, Lea and Flood, "Fast Splittable
 * Pseudorandom Number Generators", 2014). */
static inline uint32_t mix_next(const struct mix *mix, uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    const struct mix_column *c = &mix->columns[(z >> 32) * mix->count >> 32];
    return (uint32_t)z < c->limit ? c->own : c->other;
}

#endif
