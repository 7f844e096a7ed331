/* Do figures lie on two levels? A server whose windows make 46 k and 122 k requests/s in turn has
 * no median worth the name. */
#ifndef IOM_LEVELS_H
#define IOM_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

/* With fewer figures chance splits almost any sample in two. */
enum { LEVELS_MIN = 8 };

struct levels {
    bool two;
    double low, high;       /* the median of each level; NaN unless there are two */
    size_t at_low, at_high; /* how many figures each level has */
    double explained;       /* part of the variance of the logarithms; NaN: too few figures */
};

/* Split `n` positive figures in two, so that the variance of their logarithms between the parts is
 * the largest part of the whole (Otsu, "A Threshold Selection Method from Gray-Level Histograms",
 * IEEE Trans. SMC 9(1), 1979). NaN and figures that are not above zero are passed over.
 *
 * There are two levels where that part is above 0.82 + 1.4/n (at most 0.97), where each level has a
 * fifth of the figures and two of them at least, and where the higher level is 1.2 times the lower.
 * In simulation at most 1 of 100 samples of a normal, uniform, exponential or log-normal
 * distribution passes the first condition, from n = 8 to 100. */
struct levels levels_find(const double *values, size_t n);

#endif
