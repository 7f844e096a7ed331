#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/crawl/csv.h"
#include "bench/crawl/scenario.h"
#include "common/parse.h"

/* A file that is being read; after a fault it is passed over. */
struct reader {
    const char *path;
    struct csv csv;
    size_t row;
    bool wrong;
    char *error; /* one line, of the first fault */
    size_t size;
};

static const char *cell(struct reader *r, const char *name)
{
    int column = csv_column(&r->csv, name);
    if (column >= 0)
        return csv_cell(&r->csv, r->row, column);
    if (!r->wrong)
        snprintf(r->error, r->size, "%s has no column %s", r->path, name);
    r->wrong = true;
    return "";
}

static void refuse(struct reader *r, const char *name, const char *value)
{
    if (!r->wrong)
        snprintf(r->error, r->size, "%s:%zu: %s = '%s' is nothing that 'iomodels crawl' writes",
                 r->path, r->csv.lines[r->row], name, value);
    r->wrong = true;
}

static uint64_t whole(struct reader *r, const char *name, uint64_t low, uint64_t high)
{
    uint64_t value = low;
    const char *text = cell(r, name);
    if (!r->wrong && !parse_u64(text, low, high, &value))
        refuse(r, name, text);
    return value;
}

/* The number of the word; 0 where it is none of them. */
static int word(struct reader *r, const char *name, const char *const *words, int count)
{
    const char *text = cell(r, name);
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    refuse(r, name, text);
    return 0;
}

static void copy(struct reader *r, const char *name, char *to, size_t size)
{
    const char *text = cell(r, name);
    if (strlen(text) >= size)
        refuse(r, name, text);
    snprintf(to, size, "%s", text);
}

static double number(struct reader *r, const char *name)
{
    double value = NAN;
    const char *text = cell(r, name);
    if (!csv_number(&r->csv, r->row, csv_column(&r->csv, name), &value))
        refuse(r, name, text);
    return value;
}

static struct crawl_row read_row(struct reader *r)
{
    struct crawl_row row = {
        .trial = (unsigned)whole(r, "trial", 0, UINT32_MAX),
        .repetition = (unsigned)whole(r, "repetition", 0, UINT32_MAX),
        .counting = whole(r, "counting", 0, 1) == 1,
        .kind = (enum crawl_kind)word(r, "kind", crawl_kind_names, CRAWL_KINDS),
        .way = (enum crawl_way)word(r, "way", crawl_way_names, CRAWL_WAYS),
        .concurrency = (unsigned)whole(r, "concurrency", 1, CRAWL_CONCURRENCY_MAX),
        .requests = whole(r, "requests", 0, UINT64_MAX),
        .wait_ms = (unsigned)whole(r, "wait_ms", 1, UINT32_MAX),
        .status = (enum crawl_status)word(r, "status", crawl_status_names, CRAWL_STATUSES),
        .verdict = VERDICT_INVALID,
    };
    if (row.status == CRAWL_OK)
        row.verdict = (enum verdict)word(r, "verdict", verdict_names, VERDICT_COUNT);
    copy(r, "client", row.client, sizeof row.client);
    copy(r, "reason", row.reason, sizeof row.reason);
    copy(r, "started", row.started, sizeof row.started);
    for (int i = 0; i < CRAWL_FIGURE_COUNT; i++)
        row.value[i] = number(r, crawl_figure_names[i]);
    return row;
}

bool crawl_csv_read(const char *dir, struct crawl_rows *rows, char *error, size_t size)
{
    char *path = text_format("%s/crawl.csv", dir);
    struct reader r = {.path = path, .error = error, .size = size};
    *rows = (struct crawl_rows){0};
    if (!csv_read(path, &r.csv, error, size)) {
        free(path);
        return false;
    }
    for (; r.row < r.csv.rows && !r.wrong; r.row++) {
        struct crawl_row row = read_row(&r);
        if (!r.wrong)
            crawl_rows_add(rows, &row);
    }
    csv_free(&r.csv);
    free(path);
    return !r.wrong;
}
