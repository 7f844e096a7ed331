#include "bench/record/history.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/json_get.h"
#include "bench/base/name.h"
#include "bench/base/text.h"
#include "bench/record/axis_csv.h"
#include "bench/record/environment_diff.h"
#include "bench/record/rate.h"
#include "common/err.h"
#include "common/parse.h"

enum { COMMIT_SHOWN = 12 };

static const char *commit_of(const struct environment *e)
{
    return json_text(json_object_get(e->json, "build"), "commit", "unknown");
}

/* A part of a file's name: what is no letter, digit, dot or sign becomes a dash. */
static void append_plain(char *to, size_t size, const char *text, size_t most)
{
    size_t used = strlen(to);
    for (size_t i = 0; text[i] && i < most && used + 1 < size; i++) {
        bool plain = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._",
                            text[i]) != NULL;
        to[used++] = plain ? text[i] : '-';
    }
    to[used] = '\0';
}

static char *file_of(const char *dir, const struct results *r)
{
    char name[160] = "";
    append_plain(name, sizeof name, r->environment.date, 20);
    append_plain(name, sizeof name, "-", 1);
    append_plain(name, sizeof name, commit_of(&r->environment), COMMIT_SHOWN);
    append_plain(name, sizeof name, "-", 1);
    append_plain(name, sizeof name, r->environment.scenario.name, 60);
    return text_format("%s/%s.csv", dir, name);
}

/* The spread of a point's rates, by the yardstick where there is one. */
static struct spread rates_of(const struct results *r, const struct summary_point *p,
                              const struct rate_basis *basis)
{
    double unit = basis->yardstick ? rate_basis_at(basis, p->protocol, p->on_axis) : 1;
    double *values = xcalloc(r->rows.count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < r->rows.count && p->verdict != VERDICT_INVALID; i++)
        if (summary_uses(p, &r->rows.at[i]))
            values[n++] = rate_of(&r->rows.at[i], basis) / unit;
    struct spread s = stats_spread(values, n);
    free(values);
    return s;
}

static void put_point(FILE *f, const struct results *r, const struct summary_point *p,
                      const struct rate_basis *run, const char *machine)
{
    const struct environment *e = &r->environment;
    struct rate_basis basis = summary_basis(p, run);
    struct spread rate = rates_of(r, p, &basis);
    const double figures[] = {rate.median, rate.low, rate.high, p->at[S_CPU_PER_REQUEST].median,
                              p->at[S_P99_US].median};
    const char *const texts[] = {
        e->date,
        commit_of(e),
        machine,
        json_text(json_object_get(e->json, "machine"), "kernel_release", "unknown"),
        p->scenario,
        protocol_names[p->protocol],
        p->model};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        csv_put_text(f, texts[i]);
        fputc(',', f);
    }
    fprintf(f, "%u,%s", p->connections, basis.yardstick ? "yardstick" : "raw");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        fputc(',', f);
        csv_put_number(f, figures[i], 5);
    }
    fprintf(f, ",%s,%s,%u\n", verdict_names[p->verdict], axis_info(p->axis)->name, p->on_axis);
}

char *history_add(const char *dir, const struct results *r)
{
    struct rate_basis basis = rate_basis_of(&r->rows);
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        die_errno("cannot make the directory %s", dir);
    char *path = file_of(dir, r);
    char *machine = environment_fingerprint(&r->environment);
    char *made = text_format("%s.new", path);
    FILE *f = fopen(made, "we");
    if (!f)
        die_errno("cannot write %s", made);
    fputs("date,commit,machine,kernel,scenario,protocol,model,connections,basis,rate,rate_low,"
          "rate_high,cpu_us_per_request,p99_us,verdict,axis,at\n",
          f);
    for (size_t i = 0; i < r->summary.count; i++)
        put_point(f, r, &r->summary.at[i], &basis, machine);
    /* In one step: what was there before stays where the disk is full. */
    if (!text_close(f) || rename(made, path) != 0) {
        int error = errno;
        unlink(made);
        errno = error;
        die_errno("cannot write %s", path);
    }
    free(made);
    free(machine);
    return path;
}

static const char *text_of(const struct csv *c, size_t row, const char *column)
{
    return csv_cell(c, row, csv_column(c, column));
}

static int word_of(const char *text, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

/* The name of the first column that holds what history_add() does not write; NULL: none. */
static const char *read_point(const struct csv *c, size_t row, struct history_point *p)
{
    const struct {
        const char *column;
        char *to;
        size_t size;
    } texts[] = {{"date", p->date, sizeof p->date},
                 {"commit", p->commit, sizeof p->commit},
                 {"machine", p->machine, sizeof p->machine},
                 {"kernel", p->kernel, sizeof p->kernel},
                 {"scenario", p->scenario, sizeof p->scenario},
                 {"model", p->model, sizeof p->model}};
    const struct {
        const char *column;
        double *to;
    } figures[] = {{"rate", &p->rate},
                   {"rate_low", &p->low},
                   {"rate_high", &p->high},
                   {"cpu_us_per_request", &p->cpu_us},
                   {"p99_us", &p->p99_us}};
    static const char *const bases[] = {"raw", "yardstick"};
    uint64_t connections;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = text_of(c, row, texts[i].column);
        if (text[0] == '\0' ||
            snprintf(texts[i].to, texts[i].size, "%s", text) >= (int)texts[i].size)
            return texts[i].column;
    }
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        if (!csv_number(c, row, csv_column(c, figures[i].column), figures[i].to) ||
            *figures[i].to < 0)
            return figures[i].column;
    int basis = word_of(text_of(c, row, "basis"), bases, 2);
    int verdict = word_of(text_of(c, row, "verdict"), verdict_names, VERDICT_COUNT);
    if (basis < 0 || verdict < 0)
        return basis < 0 ? "basis" : "verdict";
    if (!protocol_parse(text_of(c, row, "protocol"), &p->protocol))
        return "protocol";
    if (!parse_u64(text_of(c, row, "connections"), 1, UINT32_MAX, &connections))
        return "connections";
    if (!name_is_good(p->model))
        return "model";
    p->yardstick = basis == 1;
    p->verdict = (enum verdict)verdict;
    p->connections = (unsigned)connections;
    if (!axis_read(c, row, p->connections, &p->axis, &p->at))
        return "at";
    return NULL;
}

static bool read_file(struct history *h, const char *path, char *error, size_t error_size)
{
    struct csv c;
    if (!csv_read(path, &c, error, error_size))
        return false;
    bool good = c.cut_line == 0;
    if (!good)
        snprintf(error, error_size, "%s:%zu: the last line is cut off", path, c.cut_line);
    h->at = xrealloc(h->at, (h->count + c.rows + 1) * sizeof *h->at);
    for (size_t row = 0; good && row < c.rows; row++) {
        struct history_point p = {.run = h->runs};
        const char *wrong = read_point(&c, row, &p);
        good = !wrong;
        if (wrong)
            snprintf(error, error_size, "%s:%zu: %s is '%.60s', which no run has", path,
                     c.lines[row], wrong, text_of(&c, row, wrong));
        else
            h->at[h->count++] = p;
    }
    h->runs++;
    csv_free(&c);
    return good;
}

static void number_machines(struct history *h)
{
    h->machines = xcalloc(h->count + 1, sizeof *h->machines);
    for (size_t i = 0; i < h->count; i++) {
        size_t k = 0;
        while (k < h->machine_count && strcmp(h->machines[k], h->at[i].machine) != 0)
            k++;
        if (k == h->machine_count)
            h->machines[h->machine_count++] = h->at[i].machine;
        h->at[i].of_kind = k;
    }
}

const char *history_mark(size_t machine, char out[HISTORY_MARK_MAX])
{
    char *at = out + HISTORY_MARK_MAX;
    *--at = '\0';
    for (size_t n = machine + 1; n > 0; n = (n - 1) / 26)
        *--at = (char)('a' + (n - 1) % 26);
    return at;
}

static int is_csv(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot && strcmp(dot, ".csv") == 0;
}

/* The names of the files begin with their dates, so their order is that of the runs. */
bool history_read(struct history *h, const char *dir, char *error, size_t error_size)
{
    struct dirent **entries;
    *h = (struct history){0};
    int n = scandir(dir, &entries, is_csv, alphasort);
    if (n <= 0) {
        snprintf(error, error_size, n < 0 ? "cannot read %s: %s" : "%s has no runs%s", dir,
                 n < 0 ? strerror(errno) : "; iomodels history --add RUN adds one");
        if (n == 0)
            free(entries);
        return false;
    }
    bool good = true;
    for (int i = 0; i < n; i++) {
        char *path = text_format("%s/%s", dir, entries[i]->d_name);
        good = good && read_file(h, path, error, error_size);
        free(path);
        free(entries[i]);
    }
    free(entries);
    if (good)
        number_machines(h);
    else
        history_free(h);
    return good;
}

void history_free(struct history *h)
{
    free(h->machines);
    free(h->at);
    *h = (struct history){0};
}
