/* Decimal text of 128-bit numbers: the exact sums of a histogram, which no number of JSON holds. */
#ifndef IOM_WIDE_H
#define IOM_WIDE_H

#include <stdbool.h>

/* 39 digits and the end. */
#define WIDE_TEXT 40

/* Returns the digits of `value`, within `text`. */
const char *wide_format(unsigned __int128 value, char text[WIDE_TEXT]);

/* False where `text` is anything but the digits of a number that fits. */
bool wide_parse(const char *text, unsigned __int128 *value);

#endif
