/* The conditions of --fail-if: what a run must not have measured. */
#ifndef IOM_FAIL_IF_H
#define IOM_FAIL_IF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "loadgen/cli/options.h"
#include "loadgen/report/result.h"

/* The exit status where one holds and the run is otherwise good. */
#define EXIT_FAIL_IF 4

/* Append the conditions of `text`, separated by commas, to those of the options. The `call` of a
 * row (common/command_line.h). Ends the program with a usage error where one cannot be read. */
bool fail_if_add(void *options, const char *text);

/* Free the conditions. */
void fail_if_free(struct options *o);

/* Does any condition hold? A condition without a value does not. */
bool fail_if_any(const struct options *o, const struct result *result);

/* A line for each that holds. */
void fail_if_print(FILE *out, const struct options *o, const struct result *result);

/* "fail_if": all of them. */
json_t *fail_if_json(const struct options *o, const struct result *result);

#endif
