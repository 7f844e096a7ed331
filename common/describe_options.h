/* The tables of a command line as lines for a program to read: completions and man pages are made
 * of them (manual/), so they name the options that --help names. */
#ifndef IOM_DESCRIBE_OPTIONS_H
#define IOM_DESCRIBE_OPTIONS_H

#include "common/command_line.h"

/* The one argument that asks for the lines. It is no option: --help does not tell of it, and no
 * long name is shortened to it. */
#define DESCRIBE_OPTIONS "--describe-options"

/* Print a line for each thing, its parts separated by tabs; the first part says what it is:
 *
 *     usage TEXT      about TEXT      notes TEXT      operand WORD
 *     heading TEXT
 *     option LETTER NAME ARGUMENT WORDS HELP
 *
 * WORDS are the values that there are, by commas. Within a part "\n", "\t" and "\\" stand for a
 * line break, a tab and a backslash. A part that is missing is empty. */
void describe_options(const struct command_line *line);

/* Print one such line of `count` parts; NULL is an empty part. */
void describe_line(const char *const *parts, size_t count);

#endif
