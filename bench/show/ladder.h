/* The ladder of a story: time goes down, a lane for each client, for the kernel, and for each task
 * of the server. */
#ifndef IOM_LADDER_H
#define IOM_LADDER_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/trace/trace.h"

/* Draw `t` to `path` as SVG, by the script ladder.gp of directory `scripts`. False with one line in
 * `error`. */
bool ladder_draw(const struct trace *t, const char *scripts, const char *path, char *error,
                 size_t error_size);

#endif
