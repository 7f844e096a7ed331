#include "bench/record/yardstick_csv.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "common/err.h"

void yardstick_csv_append(const char *dir, const struct trial_row *row)
{
    const struct row_windows *w = &row->windows;
    if (w->count == 0)
        return;
    char *path = text_format("%s/yardstick.csv", dir);
    FILE *f = fopen(path, "ae");
    if (!f)
        die_errno("cannot open %s", path);
    if (ftell(f) == 0)
        fputs("trial,window,requests_per_second,yardstick_before,yardstick_after,jumped\n", f);
    for (unsigned i = 0; i < w->count; i++) {
        const double figures[] = {w->at[i].rps, w->at[i].before, w->at[i].after};
        fprintf(f, "%u,%u", row->trial, i + 1);
        for (int k = 0; k < 3; k++) {
            fputc(',', f);
            csv_put_number(f, figures[k], 1);
        }
        fprintf(f, ",%d\n", w->at[i].jumped);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}
