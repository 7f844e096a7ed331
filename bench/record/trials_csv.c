#include "bench/record/trials_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/name.h"
#include "bench/base/text.h"
#include "bench/plan/scenario.h"
#include "bench/record/axis_csv.h"
#include "common/err.h"
#include "common/parse.h"

enum { STATUS_OK, STATUS_UNSUPPORTED, STATUS_FAILED };
static const char *const status_names[] = {"ok", "unsupported", "failed"};

static void put_header(FILE *f)
{
    fputs("trial,block,scenario,protocol,model,connections,status,verdict,reason,started", f);
    for (int i = 0; i < METRIC_COUNT; i++)
        fprintf(f, ",%s", metric_names[i]);
    fputs(",engine,answer,generator_verdict,note,axis,at\n", f);
}

static void put_row(FILE *f, const struct trial_row *row)
{
    fprintf(f, "%u,%u,", row->trial, row->block);
    csv_put_text(f, row->scenario);
    fprintf(f, ",%s,", protocol_names[row->protocol]);
    csv_put_text(f, row->model);
    fprintf(f, ",%u,%s,%s,", row->connections,
            status_names[row->ok            ? STATUS_OK
                         : row->unsupported ? STATUS_UNSUPPORTED
                                            : STATUS_FAILED],
            verdict_names[row->verdict]);
    csv_put_text(f, row->reason);
    fprintf(f, ",%s", row->started);
    for (int i = 0; i < METRIC_COUNT; i++) {
        fputc(',', f);
        csv_put_number(f, row->value[i], metric_digits[i]);
    }
    fputc(',', f);
    csv_put_text(f, row->engine);
    fputc(',', f);
    csv_put_text(f, row->answer);
    fputc(',', f);
    csv_put_text(f, row->generator_verdict);
    fputc(',', f);
    csv_put_text(f, row->note);
    fprintf(f, ",%s,%u\n", axis_info(row->axis)->name, row->at);
}

/* Cut off a last line without line break; returns the file's size then. `cut` tells whether there
 * was one. */
static off_t mend(int fd, const char *path, bool *cut)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char last = '\n';
    off_t end = size;
    while (end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n')
        end--;
    *cut = end < size;
    if (*cut && ftruncate(fd, end) != 0)
        die_errno("cannot mend %s", path);
    return end;
}

bool trials_csv_mend(const char *dir)
{
    char *path = text_format("%s/trials.csv", dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        die_errno("cannot open %s", path);
    bool cut = false;
    off_t size = fd < 0 ? 0 : mend(fd, path, &cut);
    if (cut)
        warn("%s: the last line was cut off; its trial is measured again", path);
    if (fd >= 0)
        close(fd);
    free(path);
    return size > 0;
}

static void write_all(int fd, const char *text, size_t size, const char *path)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno != EINTR)
            die_errno("cannot write %s", path);
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
}

void trials_csv_append(const char *dir, const struct trial_row *row)
{
    char *path = text_format("%s/trials.csv", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        die_errno("cannot open %s", path);

    bool cut;
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die_errno("cannot write %s", path);
    if (mend(fd, path, &cut) == 0)
        put_header(f);
    put_row(f, row);
    fclose(f);
    write_all(fd, text, size, path);
    if (close(fd) != 0)
        die_errno("cannot write %s", path);
    free(text);
    free(path);
}

/* A reading of trials.csv under way. */
struct reader {
    struct csv c;
    size_t row;
    const char *path;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static bool bad(struct reader *r, const char *format, ...)
{
    char what[300];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    snprintf(r->error, r->error_size, "%s:%zu: %s", r->path, r->c.lines[r->row], what);
    return false;
}

static const char *cell(const struct reader *r, const char *column)
{
    return csv_cell(&r->c, r->row, csv_column(&r->c, column));
}

static bool read_text(struct reader *r, const char *column, char *out, size_t size)
{
    const char *text = cell(r, column);
    if (snprintf(out, size, "%s", text) >= (int)size)
        return bad(r, "%s is longer than %zu bytes", column, size - 1);
    return true;
}

static bool read_whole(struct reader *r, const char *column, unsigned least, unsigned most,
                       unsigned *out)
{
    uint64_t n;
    if (!parse_u64(cell(r, column), least, most, &n))
        return bad(r, "%s is '%.40s', no whole number from %u to %u", column, cell(r, column),
                   least, most);
    *out = (unsigned)n;
    return true;
}

/* The place of the cell's text among `names`, -1 and an error where it is none of them. */
static int read_word(struct reader *r, const char *column, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(cell(r, column), names[i]) == 0)
            return i;
    bad(r, "%s is '%.40s', which is none that there is", column, cell(r, column));
    return -1;
}

/* Times and counts of the load generator: not below zero. What is a difference can be, by noise. */
static bool read_figures(struct reader *r, const int *columns, struct trial_row *row)
{
    for (int m = 0; m < METRIC_COUNT; m++) {
        if (!csv_number(&r->c, r->row, columns[m], &row->value[m]))
            return bad(r, "%s is '%.40s', no number", metric_names[m],
                       csv_cell(&r->c, r->row, columns[m]));
        if (m <= M_STARVED && row->value[m] < 0)
            return bad(r, "%s is below zero", metric_names[m]);
    }
    if (row->ok && row->verdict != VERDICT_INVALID && !row->counting &&
        isnan(row->value[M_RPS]))
        return bad(r, "a trial that is %s without %s", verdict_names[row->verdict],
                   metric_names[M_RPS]);
    return true;
}

static bool read_row(struct reader *r, const int *columns, struct trial_row *row)
{
    trial_row_init(row);
    row->line = r->c.lines[r->row];
    if (!read_whole(r, "trial", 1, UINT32_MAX, &row->trial) ||
        !read_whole(r, "block", 0, SCENARIO_REPETITIONS_MAX, &row->block) ||
        !read_whole(r, "connections", 1, UINT32_MAX, &row->connections) ||
        !read_text(r, "scenario", row->scenario, sizeof row->scenario) ||
        !read_text(r, "model", row->model, sizeof row->model) ||
        !read_text(r, "reason", row->reason, sizeof row->reason) ||
        !read_text(r, "started", row->started, sizeof row->started) ||
        !read_text(r, "engine", row->engine, sizeof row->engine) ||
        !read_text(r, "answer", row->answer, sizeof row->answer) ||
        !read_text(r, "generator_verdict", row->generator_verdict,
                   sizeof row->generator_verdict) ||
        !read_text(r, "note", row->note, sizeof row->note))
        return false;
    int status = read_word(r, "status", status_names, 3);
    int verdict = status < 0 ? -1 : read_word(r, "verdict", verdict_names, 3);
    int protocol = verdict < 0 ? -1 : read_word(r, "protocol", protocol_names, PROTOCOL_COUNT);
    if (protocol < 0)
        return false;
    if (!name_is_good(row->model))
        return bad(r, "the model's name: %s", name_rule);
    if (!axis_read(&r->c, r->row, row->connections, &row->axis, &row->at))
        return bad(r, "axis '%.40s' with at '%.40s', no point of an axis that there is",
                   cell(r, "axis"), cell(r, "at"));
    row->counting = row->block == 0;
    row->ok = status == STATUS_OK;
    row->unsupported = status == STATUS_UNSUPPORTED;
    row->verdict = (enum verdict)verdict;
    row->protocol = (enum protocol)protocol;
    row->disturbed =
        row->ok && verdict == VERDICT_INVALID && reason_of_disturbance(row->reason);
    return read_figures(r, columns, row);
}

static int by_trial(const void *a, const void *b)
{
    const struct trial_row *x = *(const struct trial_row *const *)a;
    const struct trial_row *y = *(const struct trial_row *const *)b;
    int order = (x->trial > y->trial) - (x->trial < y->trial);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int by_place(const void *a, const void *b)
{
    const struct trial_row *x = *(const struct trial_row *const *)a;
    const struct trial_row *y = *(const struct trial_row *const *)b;
    int order = (x->block > y->block) - (x->block < y->block);
    if (order == 0)
        order = (x->at > y->at) - (x->at < y->at);
    if (order == 0)
        order = (x->protocol > y->protocol) - (x->protocol < y->protocol);
    return order ? order : strcmp(x->model, y->model);
}

/* A trial has one row, and in a block a point has one trial: else rows of two runs are in one file,
 * or some are there twice. */
static bool each_once(struct reader *r, const struct trial_rows *rows)
{
    const struct trial_row **sorted = xcalloc(rows->count, sizeof *sorted);
    char point[AXIS_TEXT_MAX];
    bool good = true;
    for (size_t i = 0; i < rows->count; i++)
        sorted[i] = &rows->at[i];
    qsort(sorted, rows->count, sizeof *sorted, by_trial);
    for (size_t i = 1; good && i < rows->count; i++) {
        const struct trial_row *one = sorted[i];
        r->row = (size_t)(one - rows->at);
        if (one->trial == sorted[i - 1]->trial)
            good =
                bad(r, "trial %u stands in line %zu already", one->trial, sorted[i - 1]->line);
    }
    qsort(sorted, rows->count, sizeof *sorted, by_place);
    for (size_t i = 1; good && i < rows->count; i++) {
        const struct trial_row *one = sorted[i];
        r->row = (size_t)(one - rows->at);
        if (by_place(&sorted[i], &sorted[i - 1]) == 0)
            good = bad(r, "%s %s, %s, stands in line %zu already for block %u",
                       protocol_names[one->protocol], one->model,
                       axis_point_text(one->axis, one->at, point), sorted[i - 1]->line,
                       one->block);
    }
    free(sorted);
    return good;
}

static bool has_columns(struct reader *r)
{
    static const char *const needed[] = {
        "trial",   "block",  "scenario", "protocol",           "model", "connections", "status",
        "verdict", "reason", "started",  "requests_per_second"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (csv_column(&r->c, needed[i]) < 0) {
            snprintf(r->error, r->error_size, "%s has no column '%s'", r->path, needed[i]);
            return false;
        }
    }
    return true;
}

static bool read_rows(struct reader *r, struct trial_rows *out)
{
    int columns[METRIC_COUNT];
    for (int m = 0; m < METRIC_COUNT; m++)
        columns[m] = csv_column(&r->c, metric_names[m]);
    out->at = xcalloc(r->c.rows, sizeof *out->at);
    out->count = r->c.rows;
    for (r->row = 0; r->row < r->c.rows; r->row++) {
        if (!read_row(r, columns, &out->at[r->row]))
            return false;
        if (strcmp(out->at[r->row].scenario, out->at->scenario) != 0)
            return bad(r, "scenario '%s', in line %zu it is '%s': these are rows of two runs",
                       out->at[r->row].scenario, out->at->line, out->at->scenario);
        if (out->at[r->row].axis != out->at->axis)
            return bad(r, "axis '%s', in line %zu it is '%s': these are rows of two runs",
                       axis_info(out->at[r->row].axis)->name, out->at->line,
                       axis_info(out->at->axis)->name);
    }
    return each_once(r, out);
}

bool trials_csv_read(const char *dir, struct trial_rows *out, char *error, size_t error_size)
{
    char *path = text_format("%s/trials.csv", dir);
    struct reader r = {.path = path, .error = error, .error_size = error_size};
    *out = (struct trial_rows){0};
    bool good = csv_read(path, &r.c, error, error_size);
    if (good) {
        good = has_columns(&r) && read_rows(&r, out);
        if (good && r.c.cut_line > 0)
            warn("%s:%zu: the last line is cut off; it is left out", path, r.c.cut_line);
        csv_free(&r.c);
    }
    if (!good)
        trials_csv_free(out);
    free(path);
    return good;
}

void trials_csv_free(struct trial_rows *rows)
{
    free(rows->at);
    *rows = (struct trial_rows){0};
}
