/* What people and TAP readers are told of a grade. */
#ifndef IOM_CHECK_TEXT_H
#define IOM_CHECK_TEXT_H

#include <stdio.h>

#include "bench/check/grade.h"

/* A table of the levels, and each case that failed with its reason. `server` as on a command
 * line. */
void check_tell(FILE *out, const struct grade *g, const char *server);

/* TAP (testanything.org): a test for each case, and one for the speed where it was tried. */
void check_tell_tap(FILE *out, const struct grade *g);

/* The cases that there are. */
void check_tell_cases(FILE *out, const struct case_list *list);

#endif
