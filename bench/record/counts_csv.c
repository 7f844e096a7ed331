#include "bench/record/counts_csv.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/name.h"
#include "bench/base/text.h"
#include "bench/record/axis_csv.h"
#include "common/err.h"
#include "common/parse.h"

#define COUNTS_NAME(id, name) name,
static const char *const column_names[] = {COUNTS(COUNTS_NAME)};

static const int digits = 6; /* a call in a hundred thousand requests shows */

static void put_header(FILE *f)
{
    fputs("trial,protocol,model,connections,requests", f);
    for (int i = 0; i < COUNTS_COLUMNS; i++)
        fprintf(f, ",%s", column_names[i]);
    for (int i = 0; i < CALL_COUNT; i++)
        fprintf(f, ",%s", system_call_names[i]);
    fputs(",axis,at\n", f);
}

/* Counters are read one after the other, so the sum of all names can pass the total by a few. */
static double other_calls(const struct trial_row *row, double requests)
{
    double named = 0;
    for (int i = 0; i < CALL_COUNT; i++)
        named += row->by_name.calls[i];
    double other = row->value[M_SYSCALLS_PER_REQUEST] - named / requests;
    return other < 0 ? 0 : other;
}

static void put_row(FILE *f, const struct trial_row *row)
{
    const double *v = row->value;
    double requests = v[M_REQUESTS];
    double life = v[M_SERVER_REQUESTS];
    const double values[COUNTS_COLUMNS] = {
        [COUNTS_SYSTEM_CALLS] = v[M_SYSCALLS_PER_REQUEST],
        [COUNTS_OTHER] = other_calls(row, requests),
        [COUNTS_WAKINGS] = v[M_WAKINGS_PER_REQUEST],
        [COUNTS_SWITCHES] = v[M_SWITCHES_PER_REQUEST],
        [COUNTS_FAULTS] = v[M_FAULTS_PER_REQUEST],
        [COUNTS_WAKEUPS] = v[M_WAKEUPS] / life,
        [COUNTS_EVENTS] = v[M_EVENTS] / life,
        [COUNTS_EAGAIN] = v[M_EAGAIN] / life,
    };
    fprintf(f, "%u,%s,", row->trial, protocol_names[row->protocol]);
    csv_put_text(f, row->model);
    fprintf(f, ",%u,%.0f", row->connections, requests);
    for (int i = 0; i < COUNTS_COLUMNS; i++) {
        fputc(',', f);
        csv_put_number(f, isfinite(values[i]) ? values[i] : NAN, digits);
    }
    for (int i = 0; i < CALL_COUNT; i++) {
        fputc(',', f);
        csv_put_number(f, row->by_name.calls[i] / requests, digits);
    }
    fprintf(f, ",%s,%u\n", axis_info(row->axis)->name, row->at);
}

/* Cut off what a writer that was killed, or a full disk, left of a last line. */
static void mend(const char *path)
{
    size_t size = 0;
    char *text = text_read_sized(path, &size);
    size_t end = size;
    while (end > 0 && text[end - 1] != '\n')
        end--;
    if (end < size && truncate(path, (off_t)end) != 0)
        die_errno("cannot mend %s", path);
    free(text);
}

void counts_csv_append(const char *dir, const struct trial_row *row)
{
    if (!row->ok || !(row->value[M_REQUESTS] > 0) || isnan(row->by_name.calls[CALL_RECVFROM]))
        return;
    char *path = text_format("%s/counts.csv", dir);
    mend(path);
    FILE *f = fopen(path, "ae");
    if (!f)
        die_errno("cannot open %s", path);
    if (ftell(f) == 0)
        put_header(f);
    put_row(f, row);
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}

/* A reading under way. */
struct reader {
    struct csv c;
    const char *path;
    char *error;
    size_t error_size;
};

static bool bad(const struct reader *r, size_t row, const char *column, const char *what)
{
    snprintf(r->error, r->error_size, "%s:%zu: %s is '%.40s', %s", r->path, r->c.lines[row],
             column, csv_cell(&r->c, row, csv_column(&r->c, column)), what);
    return false;
}

static bool read_number(const struct reader *r, size_t row, const char *name, double *out)
{
    if (!csv_number(&r->c, row, csv_column(&r->c, name), out))
        return bad(r, row, name, "no number");
    if (*out < 0)
        return bad(r, row, name, "below zero");
    return true;
}

static bool read_row(const struct reader *r, size_t i, struct counts_row *out)
{
    uint64_t n;
    *out = (struct counts_row){.line = r->c.lines[i]};
    if (!parse_u64(csv_cell(&r->c, i, csv_column(&r->c, "trial")), 1, UINT32_MAX, &n))
        return bad(r, i, "trial", "no number of a trial");
    out->trial = (unsigned)n;
    if (!parse_u64(csv_cell(&r->c, i, csv_column(&r->c, "connections")), 1, UINT32_MAX, &n))
        return bad(r, i, "connections", "no number of connections");
    out->connections = (unsigned)n;
    if (!axis_read(&r->c, i, out->connections, &out->axis, &out->at))
        return bad(r, i, "at", "no point of an axis that there is");
    const char *model = csv_cell(&r->c, i, csv_column(&r->c, "model"));
    if (!name_is_good(model) ||
        snprintf(out->model, sizeof out->model, "%s", model) >= (int)sizeof out->model)
        return bad(r, i, "model", "no name of a model");
    if (!protocol_parse(csv_cell(&r->c, i, csv_column(&r->c, "protocol")), &out->protocol))
        return bad(r, i, "protocol", "which is none that there is");
    if (!read_number(r, i, "requests", &out->requests))
        return false;
    for (int k = 0; k < COUNTS_COLUMNS; k++)
        if (!read_number(r, i, column_names[k], &out->value[k]))
            return false;
    for (int k = 0; k < CALL_COUNT; k++)
        if (!read_number(r, i, system_call_names[k], &out->calls[k]))
            return false;
    return true;
}

static bool has_columns(const struct reader *r)
{
    static const char *const needed[] = {"trial",       "protocol", "model",
                                         "connections", "requests", "system_calls"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (csv_column(&r->c, needed[i]) >= 0)
            continue;
        snprintf(r->error, r->error_size, "%s has no column '%s'", r->path, needed[i]);
        return false;
    }
    return true;
}

/* Where a row of this trial stands already: the new one takes its place. */
static struct counts_row *place(struct counts *c, unsigned trial)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].trial == trial)
            return &c->at[i];
    return &c->at[c->count++];
}

bool counts_csv_read(const char *dir, struct counts *out, bool *absent, char *error,
                     size_t error_size)
{
    char *path = text_format("%s/counts.csv", dir);
    struct reader r = {.path = path, .error = error, .error_size = error_size};
    *out = (struct counts){0};
    *absent = access(path, F_OK) != 0 && errno == ENOENT;
    bool good = csv_read(path, &r.c, error, error_size);
    if (good) {
        good = has_columns(&r);
        out->at = xcalloc(r.c.rows + 1, sizeof *out->at);
        for (size_t i = 0; good && i < r.c.rows; i++) {
            struct counts_row row;
            good = read_row(&r, i, &row);
            if (good)
                *place(out, row.trial) = row;
        }
        if (good && r.c.cut_line > 0)
            warn("%s:%zu: the last line is cut off; it is left out", path, r.c.cut_line);
        csv_free(&r.c);
    }
    if (!good)
        counts_free(out);
    free(path);
    return good;
}

void counts_free(struct counts *c)
{
    free(c->at);
    *c = (struct counts){0};
}

const struct counts_row *counts_get(const struct counts *c, enum protocol protocol,
                                    const char *model, unsigned at)
{
    const struct counts_row *found = NULL;
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].protocol == protocol && c->at[i].at == at &&
            strcmp(c->at[i].model, model) == 0)
            found = &c->at[i];
    return found;
}
