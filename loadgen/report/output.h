/* Where results are written to: that they can be is found out before the load begins. */
#ifndef IOM_LOADGEN_OUTPUT_H
#define IOM_LOADGEN_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/* Call before inherit_clean(): where standard output is closed this ends the program, and
 * inherit_clean() would put /dev/null there. What is written to standard output and cannot be, a
 * full disk or a reader that is gone, is told at the end of the program, whose exit status is then
 * 1. */
void output_begin(void);

/* Ends the program where file `path`, which is to be written in the end, cannot be; NULL and "-"
 * can. What it holds stays as it is, and none is left that was not there. */
void output_check(const char *path);

/* Open file `path`, to write it anew. Returns NULL, and tells on standard error, where it
 * cannot be. */
FILE *output_open(const char *path);

/* Close `out`, which is file `path`; `good`: all was written so far. Returns false, and tells on
 * standard error, where it could not be written. */
bool output_close(FILE *out, const char *path, bool good);

#endif
