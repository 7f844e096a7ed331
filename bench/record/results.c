#include "bench/record/results.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/record/trials_csv.h"
#include "common/err.h"

static bool fits(const struct results *r, char *error, size_t error_size)
{
    for (size_t i = 0; i < r->rows.count; i++) {
        const struct trial_row *row = &r->rows.at[i];
        if (environment_server(&r->environment, row->model))
            continue;
        snprintf(error, error_size, "%s/trials.csv:%zu: environment.json knows no model '%s'",
                 r->dir, row->line, row->model);
        return false;
    }
    return true;
}

bool results_read(struct results *r, const char *dir, char *error, size_t error_size)
{
    *r = (struct results){0};
    if (!environment_read(&r->environment, dir, error, error_size))
        return false;
    r->dir = xstrdup(dir);
    if (!trials_csv_read(dir, &r->rows, error, error_size) || !fits(r, error, error_size)) {
        results_free(r);
        return false;
    }
    bool absent;
    if (!counts_csv_read(dir, &r->counts, &absent, error, error_size) && !absent) {
        results_free(r);
        return false;
    }
    summary_make(&r->summary, &r->rows);
    ratios_make(&r->ratios, &r->rows, &r->summary, &r->environment);
    predictions_make(&r->predictions, &r->rows, &r->summary, &r->environment);
    return true;
}

void results_free(struct results *r)
{
    counts_free(&r->counts);
    predictions_free(&r->predictions);
    ratios_free(&r->ratios);
    summary_free(&r->summary);
    trials_csv_free(&r->rows);
    environment_free(&r->environment);
    free(r->dir);
}

void results_write(const struct results *r)
{
    summary_write(&r->summary, r->dir);
    ratios_write(&r->ratios, r->dir);
    predictions_write(&r->predictions, r->dir);
}
