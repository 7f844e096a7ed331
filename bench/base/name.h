/* Names of servers. One stands in files of comma-separated values, in lists on the command line,
 * in programs of gnuplot and awk, on a terminal: what ends a name there cannot be in one. All
 * else is quoted where it is handed over: csv_put_text(), html_text(), plain() of
 * scripts/plots/style.gp. */
#ifndef IOM_NAME_H
#define IOM_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_BYTES_MAX = 47 };

/* Whether `name` is one: at most NAME_BYTES_MAX bytes of UTF-8 without space, comma, quote, '/',
 * '>' and control characters, and neither "all" nor "none". */
bool name_is_good(const char *name);

/* What a name is, for a message: "a name has no space, ...". */
extern const char name_rule[];

#endif
