#include "trials_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/csv.h"
#include "bench/text.h"
#include "common/err.h"

#define TRIAL_NAME(id, name, digits)   name,
#define TRIAL_DIGITS(id, name, digits) digits,
static const char *const metric_names[] = {TRIAL_METRICS(TRIAL_NAME)};
static const int metric_decimals[] = {TRIAL_METRICS(TRIAL_DIGITS)};

const char answer_is_same[] = "same";

static const char *const verdict_names[] = {"valid", "generator-limited", "INVALID"};

const char *verdict_name(enum verdict v)
{
    return verdict_names[v];
}

const char *metric_name(enum metric m)
{
    return metric_names[m];
}

int metric_digits(enum metric m)
{
    return metric_decimals[m];
}

void trial_row_init(struct trial_row *row)
{
    *row = (struct trial_row){0};
    for (int i = 0; i < METRIC_COUNT; i++)
        row->value[i] = NAN;
}

static void put_header(FILE *f)
{
    fputs("trial,block,scenario,protocol,model,connections,status,verdict,reason,started", f);
    for (int i = 0; i < METRIC_COUNT; i++)
        fprintf(f, ",%s", metric_names[i]);
    fputs(",engine,answer\n", f);
}

static void put_row(FILE *f, const struct trial_row *row)
{
    fprintf(f, "%u,%u,", row->trial, row->block);
    csv_put_text(f, row->scenario);
    fprintf(f, ",%s,", row->protocol);
    csv_put_text(f, row->model);
    fprintf(f, ",%u,%s,%s,", row->connections,
            row->ok            ? "ok"
            : row->unsupported ? "unsupported"
                               : "failed",
            verdict_names[row->verdict]);
    csv_put_text(f, row->reason);
    fprintf(f, ",%s", row->started);
    for (int i = 0; i < METRIC_COUNT; i++) {
        fputc(',', f);
        csv_put_number(f, row->value[i], metric_decimals[i]);
    }
    fputc(',', f);
    csv_put_text(f, row->engine);
    fputc(',', f);
    csv_put_text(f, row->answer);
    fputc('\n', f);
}

/* Cut off a last line without line break; returns the file's size then. */
static off_t mend(int fd, const char *path)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char last = '\n';
    off_t end = size;
    while (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n')
        end--;
    if (end < size && ftruncate(fd, end) != 0)
        die_errno("cannot mend %s", path);
    return end;
}

void trials_csv_append(const char *dir, const struct trial_row *row)
{
    char *path = text_format("%s/trials.csv", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        die_errno("cannot open %s", path);

    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die_errno("cannot write %s", path);
    if (mend(fd, path) == 0)
        put_header(f);
    put_row(f, row);
    fclose(f);
    if (write(fd, text, size) != (ssize_t)size || close(fd) != 0)
        die_errno("cannot write %s", path);
    free(text);
    free(path);
}

static enum verdict verdict_from(const char *text)
{
    for (int v = 0; v < 3; v++)
        if (strcmp(verdict_names[v], text) == 0)
            return (enum verdict)v;
    return VERDICT_INVALID;
}

static void copy(char *out, size_t size, const struct csv *c, size_t row, const char *column)
{
    snprintf(out, size, "%s", csv_cell(c, row, csv_column(c, column)));
}

static unsigned whole(const struct csv *c, size_t row, const char *column)
{
    double value = csv_number(c, row, csv_column(c, column));
    return value >= 0 && value < 4e9 ? (unsigned)value : 0;
}

static void read_row(const struct csv *c, size_t i, const int *columns, struct trial_row *row)
{
    trial_row_init(row);
    row->trial = whole(c, i, "trial");
    row->block = whole(c, i, "block");
    row->counting = row->block == 0;
    row->connections = whole(c, i, "connections");
    copy(row->scenario, sizeof row->scenario, c, i, "scenario");
    copy(row->protocol, sizeof row->protocol, c, i, "protocol");
    copy(row->model, sizeof row->model, c, i, "model");
    copy(row->reason, sizeof row->reason, c, i, "reason");
    copy(row->started, sizeof row->started, c, i, "started");
    copy(row->engine, sizeof row->engine, c, i, "engine");
    copy(row->answer, sizeof row->answer, c, i, "answer");
    const char *status = csv_cell(c, i, csv_column(c, "status"));
    row->ok = strcmp(status, "ok") == 0;
    row->unsupported = strcmp(status, "unsupported") == 0;
    row->verdict = verdict_from(csv_cell(c, i, csv_column(c, "verdict")));
    for (int m = 0; m < METRIC_COUNT; m++)
        row->value[m] = csv_number(c, i, columns[m]);
}

bool trials_csv_read(const char *dir, struct trial_rows *out, char *error, size_t error_size)
{
    struct csv c;
    char *path = text_format("%s/trials.csv", dir);
    bool good = csv_read(path, &c, error, error_size);
    *out = (struct trial_rows){0};
    if (good && csv_column(&c, "trial") < 0) {
        snprintf(error, error_size, "%s has no column 'trial'", path);
        csv_free(&c);
        good = false;
    }
    free(path);
    if (!good)
        return false;

    int columns[METRIC_COUNT];
    for (int m = 0; m < METRIC_COUNT; m++)
        columns[m] = csv_column(&c, metric_names[m]);
    out->at = xcalloc(c.rows, sizeof *out->at);
    out->count = c.rows;
    for (size_t i = 0; i < c.rows; i++)
        read_row(&c, i, columns, &out->at[i]);
    csv_free(&c);
    return true;
}

void trials_csv_free(struct trial_rows *rows)
{
    free(rows->at);
    *rows = (struct trial_rows){0};
}
