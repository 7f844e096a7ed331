/* Two runs in one picture. */
#ifndef IOM_COMPARE_PICTURE_H
#define IOM_COMPARE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/compare.h"

/* Draw the ratios of requests/s to `svg`, with scripts/plots/compare.gp in directory `scripts`.
 * Returns false with one line in `error` where gnuplot is missing or fails, or the file cannot be
 * written. */
bool compare_picture(const struct compare *c, const char *scripts, const char *svg, char *error,
                     size_t error_size);

#endif
