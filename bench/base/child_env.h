/* The environment of every program that the driver starts: the same on any desk. A variable that a
 * user has set for another purpose can change the measurement or the picture (LIBEV_FLAGS,
 * EVENT_NOEPOLL, MALLOC_ARENA_MAX, LD_PRELOAD, http_proxy), the form of numbers (LC_NUMERIC), and
 * where pictures go (GNUTERM). So children get a short list of names. environment.json has the
 * variables that they got, and the names of the others. */
#ifndef IOM_CHILD_ENV_H
#define IOM_CHILD_ENV_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Give children one more variable: "NAME=VALUE", or "NAME" with the value that NAME has here (an
 * unset one stays unset). Returns false with one line in `error` where NAME is no name. Call it
 * before the first child_env(). */
bool child_env_add(const char *text, char *error, size_t error_size);

/* Add what the run of environment.json's group "environment" was given by child_env_add(). */
void child_env_add_recorded(const json_t *recorded);

/* The environment, made when first asked for; it ends with NULL and lives as long as the program.
 * `homeless`: HOME is no directory, so that start files of the user are not read. */
char **child_env(bool homeless);

/* {"given": {NAME: VALUE}, "added": {NAME: VALUE}, "withheld": [NAME]}, each name once: given are
 * all that children have, added are those of child_env_add(). Of the withheld no value is told. */
json_t *child_env_describe(void);

#endif
