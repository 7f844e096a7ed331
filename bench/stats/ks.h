/* How far two distributions lie apart, by Kolmogorov and Smirnov: the largest vertical distance of
 * their distribution functions. It sees any difference, of place, spread or shape, where a
 * comparison of medians sees one of place. There is no p-value: latencies of one window depend on
 * one another, and with the counts of a window as the number of observations any two differ. */
#ifndef IOM_KS_H
#define IOM_KS_H

#include <stddef.h>
#include <stdint.h>

/* A bar of a histogram: `count` observations of `value`. */
struct ks_bar {
    double value;
    uint64_t count;
};

/* The distance of two histograms, from 0 to 1, each with its values in ascending order; a value may
 * come more than once. NaN without counts on a side. */
double ks_distance(const struct ks_bar *a, size_t na, const struct ks_bar *b, size_t nb);

#endif
