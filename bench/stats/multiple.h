/* Many comparisons at once: what a p-value is worth when it is one of many.
 *
 * Both functions write adjusted p-values: a comparison is called different at level alpha where its
 * adjusted value is at most alpha. A NaN is no comparison: NaN stays NaN and is not counted.
 * `adjusted` may be `p` itself. */
#ifndef IOM_MULTIPLE_H
#define IOM_MULTIPLE_H

#include <stddef.h>

/* Holm's step-down method: the probability that even one equal pair is called different is at most
 * alpha, however the comparisons depend on one another. Source: Holm, "A Simple Sequentially
 * Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6 (1979). */
void holm_adjust(const double *p, size_t n, double *adjusted);

/* Benjamini and Hochberg's step-up method: among what is called different, the expected share of
 * equal pairs is at most alpha. Holds for independent and for positively dependent comparisons.
 * Source: Benjamini and Hochberg, "Controlling the False Discovery Rate", Journal of the Royal
 * Statistical Society B 57 (1995). */
void bh_adjust(const double *p, size_t n, double *adjusted);

#endif
