/* How far the load generator could go, beside what the servers did. */
#ifndef IOM_CEILING_TEXT_H
#define IOM_CEILING_TEXT_H

#include "bench/record/results.h"

/* The least CPU time that the generator took for a request of `protocol` in any trial, what one CPU
 * of it could make so, and what ceiling_measure() found: one line without line break; the caller
 * frees it. NULL where nothing is known. */
char *ceiling_text(const struct results *r, enum protocol protocol);

#endif
