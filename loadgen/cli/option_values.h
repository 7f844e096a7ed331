/* The values of options as the command line gives them. Each function ends the program with a usage
 * error that names the option and the text where the value cannot be taken. */
#ifndef IOM_OPTION_VALUES_H
#define IOM_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/protocol/body.h"

/* A number in [low, high]. */
uint64_t option_number(const char *option, const char *text, uint64_t low, uint64_t high);

/* A number of bytes in [low, high], with k, M or G. */
uint64_t option_size(const char *option, const char *text, uint64_t low, uint64_t high);

/* A time of at least `low` and at most 24 h, in nanoseconds. */
uint64_t option_duration(const char *option, const char *text, uint64_t low);

/* A rate a second, in thousandths. */
uint64_t option_rate_milli(const char *option, const char *text);

/* Which of the `count` names it is. */
unsigned option_word(const char *option, const char *text, const char *const *names,
                     unsigned count);

/* TIME or TIME:exp: the time; `*exponential` says which. */
uint64_t option_think(const char *option, const char *text, bool *exponential);

/* A share of all: a number from 0 to 1, or from 0% to 100%; in millionths, rounded to the
 * nearest. */
uint32_t option_share_ppm(const char *option, const char *text);

/* The value of --body: any, length, same, or else the path of a file. */
enum body_rule option_body(const char *text);

/* A header field "Name: value", checked so that it cannot break the request's framing; appended
 * with its CRLF to `headers`, which is returned, reallocated. Sets `*has_host` where it is Host. */
char *option_header(char *headers, const char *text, bool *has_host);

#endif
