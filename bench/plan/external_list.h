/* The servers of others there are. */
#ifndef IOM_EXTERNAL_LIST_H
#define IOM_EXTERNAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/ini_keys.h"
#include "bench/base/protocol.h"
#include "bench/plan/models.h"

/* Add what the files *.ini in directory `dir` describe to `list`, by name. Returns false with one
 * line in `error`, "FILE:LINE: what is wrong", where a file is wrong; the others are there. */
bool externals_find(struct model_list *list, const char *dir, char *error, size_t error_size);

/* Add the server that `command` starts, which must name {port}. Returns false with one line in
 * `error`. `name` NULL: after the program it runs. */
bool externals_add_command(struct model_list *list, const char *command, const char *name,
                           enum protocol protocol, char *error, size_t error_size);

/* Sets `needs`, a char *, for files of other rooms that say alike what must be installed. */
ini_setter external_needs;

#endif
