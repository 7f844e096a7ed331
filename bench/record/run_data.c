#include "bench/record/run_data.h"

#include <stdio.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/record/environment.h"

static bool knows(const json_t *environment, const char *model)
{
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(environment, "models"), i, m)
    {
        if (strcmp(json_text(m, "name", ""), model) == 0)
            return true;
    }
    return false;
}

static bool fits(const char *dir, const struct run_data *d, char *error, size_t error_size)
{
    for (size_t i = 0; i < d->rows.count; i++) {
        const struct trial_row *r = &d->rows.at[i];
        if (knows(d->environment, r->model))
            continue;
        snprintf(error, error_size, "%s/trials.csv:%zu: environment.json knows no model '%s'",
                 dir, r->line, r->model);
        return false;
    }
    return true;
}

bool run_data_read(const char *dir, struct run_data *d, char *error, size_t error_size)
{
    *d = (struct run_data){.environment = environment_read(dir, error, error_size)};
    if (!d->environment)
        return false;
    if (!trials_csv_read(dir, &d->rows, error, error_size) ||
        !fits(dir, d, error, error_size)) {
        json_decref(d->environment);
        trials_csv_free(&d->rows);
        return false;
    }
    summary_make(&d->summary, &d->rows);
    return true;
}

void run_data_free(struct run_data *d)
{
    summary_free(&d->summary);
    trials_csv_free(&d->rows);
    json_decref(d->environment);
}

unsigned run_data_rank(const struct run_data *d)
{
    return (unsigned)json_number(d->environment, "scenario", "rank");
}
