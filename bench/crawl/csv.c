#include "bench/crawl/csv.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "common/err.h"

FILE *crawl_csv_open(const char *dir)
{
    char *path = text_format("%s/crawl.csv", dir);
    FILE *f = fopen(path, "wxe");
    if (!f)
        die_errno("cannot write %s", path);
    free(path);
    fputs(
        "trial,repetition,counting,started,client,kind,way,concurrency,requests,wait_ms,status,"
        "verdict,reason",
        f);
    for (int i = 0; i < CRAWL_FIGURE_COUNT; i++)
        fprintf(f, ",%s", crawl_figure_names[i]);
    fputc('\n', f);
    return f;
}

void crawl_csv_put(FILE *f, const struct crawl_row *row)
{
    fprintf(f, "%u,%u,%d,%s,", row->trial, row->repetition, row->counting, row->started);
    csv_put_text(f, row->client);
    fprintf(f, ",%s,%s,%u,%llu,%u,%s,%s,", crawl_kind_names[row->kind],
            crawl_way_names[row->way], row->concurrency, (unsigned long long)row->requests,
            row->wait_ms, crawl_status_names[row->status],
            row->status == CRAWL_OK ? verdict_names[row->verdict] : "");
    csv_put_text(f, row->reason);
    for (int i = 0; i < CRAWL_FIGURE_COUNT; i++) {
        fputc(',', f);
        csv_put_number(f, isfinite(row->value[i]) ? row->value[i] : NAN,
                       crawl_figure_digits[i]);
    }
    fputc('\n', f);
    fflush(f);
}

void crawl_csv_close(FILE *f, const char *dir)
{
    if (!text_close(f))
        die_errno("cannot write %s/crawl.csv", dir);
}
