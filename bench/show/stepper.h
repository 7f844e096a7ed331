/* The page that steps through a story, with the models side by side: one HTML file, which needs no
 * network. */
#ifndef IOM_STEPPER_H
#define IOM_STEPPER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/trace/trace.h"

/* What the page knows of one model, which had so many workers (0: it has none); stepper_write()
 * takes it. */
json_t *stepper_model(const struct trace *t, unsigned workers);

/* Write the page to `path` with `models`, a list of what stepper_model() made, which is released.
 * False with one line in `error`. */
bool stepper_write(const char *path, const struct script *script, json_t *models, char *error,
                   size_t error_size);

#endif
