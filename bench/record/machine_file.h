/* What was measured of a machine, in a file: environment.json of a run, or what "iomodels machine
 * --json" prints. Both have the groups "machine" and "unit_costs". */
#ifndef IOM_MACHINE_FILE_H
#define IOM_MACHINE_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/machine/unit_costs.h"

struct machine_file {
    json_t *json; /* all of the file; the texts point into it */
    const char *date;
    const char *cpu;    /* "": not known */
    const char *kernel; /* "": not known */
    bool virtualised;
    struct unit_costs costs;
};

/* Take over `json`, which is such a file's content; `name` names it in messages. Returns false with
 * one line in `error`; `json` is then gone. */
bool machine_file_take(struct machine_file *m, json_t *json, const char *name, char *error,
                       size_t error_size);

/* Read `path`: a file, or the directory of a run. Returns false with one line in `error`. */
bool machine_file_read(struct machine_file *m, const char *path, char *error,
                       size_t error_size);
void machine_file_free(struct machine_file *m);

#endif
