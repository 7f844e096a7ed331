/* The values of options that are more than a number, a word or a name: each function is the `call`
 * of a row (common/command_line.h), and `options` is a struct options. Each ends the program where
 * a value cannot be taken: with a usage error that names the option and the text, or with exit 1
 * where a file cannot be read. */
#ifndef IOM_OPTION_VALUES_H
#define IOM_OPTION_VALUES_H

#include <stdbool.h>

/* A rate a second, or a profile of rates. */
bool option_rate(void *options, const char *text);

/* TIME or TIME:exp. */
bool option_think(void *options, const char *text);

/* A condition on a time with < or <=. The options keep `text`. */
bool option_search(void *options, const char *text);

/* The method: any token (RFC 9110, section 9.1) but CONNECT. */
bool option_method(void *options, const char *text);

/* TEXT, @FILE, or @- or - for standard input. A repeated option replaces what was there. */
bool option_data(void *options, const char *text);

/* A header field "Name: value", checked so that it cannot break the request's framing. */
bool option_header(void *options, const char *text);

/* any, length, same, or else the path of a file. */
bool option_body(void *options, const char *text);

/* A share of all: a number from 0 to 1, or from 0% to 100%; rounded to the nearest millionth. */
bool option_max_errors(void *options, const char *text);

#endif
