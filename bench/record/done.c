#include "bench/record/done.h"

#include <stdlib.h>
#include <string.h>

#include "bench/record/trials_csv.h"
#include "common/err.h"

static void mark(struct done *done, const char *dir, const struct plan *plan,
                 const struct trial_row *row)
{
    const struct plan_trial *t =
        row->trial > 0 && row->trial <= plan->count ? &plan->trials[row->trial - 1] : NULL;
    if (!t || strcmp(t->model->name, row->model) != 0 || t->at != row->at ||
        t->connections != row->connections || t->protocol != row->protocol)
        die("%s/trials.csv: trial %u is not the one that this scenario, "
            "its seed and these models give; the run cannot go on",
            dir, row->trial);
    done->count += !done->at[row->trial - 1];
    done->at[row->trial - 1] = true;
}

void done_read(struct done *done, const char *dir, const struct plan *plan, struct peaks *peaks)
{
    struct trial_rows rows;
    char error[512];
    *done = (struct done){.at = xcalloc(plan->count, sizeof *done->at)};
    if (!trials_csv_mend(dir))
        return;
    if (!trials_csv_read(dir, &rows, error, sizeof error))
        die("%s", error);
    for (size_t i = 0; i < rows.count; i++)
        mark(done, dir, plan, &rows.at[i]);
    for (size_t i = 0; i < rows.count; i++)
        peaks_note(peaks, &rows.at[i]);
    trials_csv_free(&rows);
}

void done_free(struct done *done)
{
    free(done->at);
    *done = (struct done){0};
}
