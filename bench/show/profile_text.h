/* What `iomodels profile` prints. */
#ifndef IOM_PROFILE_TEXT_H
#define IOM_PROFILE_TEXT_H

#include <stdio.h>

#include "bench/trial/profile.h"

/* The system calls of a request by name, the most frequent first, then what else was counted. */
void profile_tell(FILE *f, const struct profile_setup *setup, const struct profile_counts *c);

/* The calls of one request in their order; at most `most` of them, 0 for all. */
void life_tell(FILE *f, const struct life *l, size_t most);

#endif
