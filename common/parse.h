/* Numbers, sizes and durations as a command line or a scenario file gives them. Each function
 * reads the whole text or nothing, and refuses what does not fit. */
#ifndef IOM_PARSE_H
#define IOM_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A decimal number without sign, in [low, high]. */
bool parse_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out);

/* A number of bytes or requests: a decimal number, then optionally k, M or G for powers of 1024
 * ("64k" is 65536). */
bool parse_size(const char *text, uint64_t low, uint64_t high, uint64_t *out);

/* A rate: a decimal number with or without a fraction, then optionally k or M for 1,000 and
 * 1,000,000 ("1.5k" is 1500). The result is in thousandths, rounded to the nearest. */
bool parse_rate_milli(const char *text, uint64_t low, uint64_t high, uint64_t *out);

/* The highest rate that the options of the load generator take. */
#define PARSE_RATE_MILLI_MAX UINT64_C(1000000000000)

/* A share of all, from 0 to 1: "0.01", or "1%" of 100. */
bool parse_share(const char *text, double *out);

/* A time with a unit: "250us", "20ms", "1.5s", "2m", "1h"; a number alone is seconds, as in
 * wrk. The result is in nanoseconds, rounded to the nearest. */
bool parse_duration(const char *text, uint64_t low, uint64_t high, uint64_t *out);

#endif
