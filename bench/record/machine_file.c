#include "bench/record/machine_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "common/err.h"

bool machine_file_take(struct machine_file *m, json_t *json, const char *name, char *error,
                       size_t error_size)
{
    char why[256];
    const json_t *machine = json_object_get(json, "machine");
    const json_t *costs = json_object_get(json, "unit_costs");
    *m = (struct machine_file){
        .json = json,
        .date = json_text(json, "date", ""),
        .cpu = json_text(machine, "cpu", ""),
        .kernel = json_text(machine, "kernel_release", ""),
        .virtualised = json_is_true(json_object_get(machine, "virtualised")),
    };
    if (!costs)
        snprintf(error, error_size, "%s: there are no unit_costs in it", name);
    else if (unit_costs_from_json(&m->costs, costs, why, sizeof why))
        return true;
    else
        snprintf(error, error_size, "%s: %s", name, why);
    machine_file_free(m);
    return false;
}

static char *file_of(const char *path)
{
    struct stat st;
    bool directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return directory ? text_format("%s/environment.json", path) : xstrdup(path);
}

bool machine_file_read(struct machine_file *m, const char *path, char *error, size_t error_size)
{
    char *name = file_of(path);
    json_error_t where;
    FILE *f = fopen(name, "re");
    json_t *json = f ? json_loadf(f, JSON_REJECT_DUPLICATES, &where) : NULL;
    bool good = false;
    if (!f)
        snprintf(error, error_size, "cannot read %s: %s", name, strerror(errno));
    else if (!json)
        snprintf(error, error_size, "%s:%d: %s", name, where.line > 0 ? where.line : 1,
                 where.text);
    else
        good = machine_file_take(m, json, name, error, error_size);
    if (f)
        fclose(f);
    free(name);
    return good;
}

void machine_file_free(struct machine_file *m)
{
    json_decref(m->json);
}
