/* Figures as people read them. */
#ifndef IOM_FIGURES_H
#define IOM_FIGURES_H

#include "bench/base/stats.h"

/* "12.3 us", "4.56 ms": a time given in microseconds, three digits. "n/a" for NaN. */
char *figure_time(double us, char out[32]);

/* "12.3 ns", "4.56 µs": a time given in nanoseconds, three digits. "n/a" for NaN. */
char *figure_ns(double ns, char out[32]);

/* "123,456"; "n/a" for NaN. */
char *figure_thousands(double value, char out[32]);

/* "123,456 [120,000–125,000]"; without the interval for a single value. */
char *figure_spread(const struct spread *s, char out[96]);

#endif
