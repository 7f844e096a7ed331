#include "bench/record/speeds_csv.h"

#include <stdlib.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "common/err.h"

FILE *speeds_csv_open(const char *dir)
{
    char *path = text_format("%s/windows.csv", dir);
    FILE *f = fopen(path, "wxe");

    if (!f)
        die_errno("cannot write %s", path);
    free(path);
    fputs("model,connections,round,condition", f);
    for (int i = 0; i < SPEED_FIGURE_COUNT; i++)
        fprintf(f, ",%s", speed_figure_names[i]);
    fputc('\n', f);
    return f;
}

void speeds_csv_put(FILE *f, const struct speed_window *w)
{
    csv_put_text(f, w->model);
    fprintf(f, ",%u,%u,%s", w->connections, w->round, speed_condition_names[w->condition]);
    for (int i = 0; i < SPEED_FIGURE_COUNT; i++) {
        fputc(',', f);
        csv_put_number(f, w->value[i], speed_figure_digits[i]);
    }
    fputc('\n', f);
    fflush(f);
}

void speeds_csv_close(FILE *f, const char *dir)
{
    if (!text_close(f))
        die_errno("cannot write %s/windows.csv", dir);
}
