/* Random numbers that a seed makes the same everywhere.
 *
 * SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014):
 * the state is a counter, so any value is a good seed; it passes BigCrush. Not for secrets. */
#ifndef IOM_RANDOM_H
#define IOM_RANDOM_H

#include <math.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The state that begins stream number `index` of `seed`. The streams of one seed, and those of
 * neighbouring seeds, begin at places that have nothing to do with one another. */
static inline uint64_t random_stream(uint64_t seed, uint64_t index)
{
    uint64_t state = random_next(&seed) ^ index;
    return random_next(&state);
}

/* Uniform in [0, 1), a multiple of 2^-53. */
static inline double random_uniform(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

/* Exponential with mean 1, by inversion. Never negative, always finite. */
static inline double random_exponential(uint64_t *state)
{
    return -log1p(-random_uniform(state));
}

#endif
