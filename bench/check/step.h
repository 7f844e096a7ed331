/* One line of a case, read. */
#ifndef IOM_STEP_H
#define IOM_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/check/case.h"

/* Read `line` into `s`, whose line and text are set. False with one line in `error`. step_free() in
 * both cases. */
bool step_parse(struct step *s, const char *line, char *error, size_t error_size);
/* Make its bytes, which may be many, and forget them. */
void step_load(struct step *s);
void step_unload(struct step *s);
void step_free(struct step *s);

/* The word of a verb. */
const char *step_verb(enum verb verb);

#endif
