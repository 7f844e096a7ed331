#include "bench/record/verify.h"

#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/record/plan_again.h"
#include "bench/record/verify_histogram.h"
#include "bench/trial/consistent.h"
#include "bench/trial/judge.h"
#include "common/err.h"

/* One check more; a line where it failed. */
__attribute__((format(printf, 5, 6))) static void
check(struct verify *v, bool good, const char *file, size_t line, const char *format, ...)
{
    v->checks++;
    if (good)
        return;
    va_list ap;
    v->disagreements++;
    fprintf(v->f, "%s/%s:%zu: ", v->dir, file, line);
    va_start(ap, format);
    vfprintf(v->f, format, ap);
    va_end(ap);
    fputc('\n', v->f);
}

static bool same_expectations(const struct expectations *x, const struct expectations *y)
{
    bool same = x->count == y->count;
    for (size_t i = 0; same && i < x->count; i++)
        same = strcmp(x->at[i].text, y->at[i].text) == 0 &&
               strcmp(x->at[i].sentence, y->at[i].sentence) == 0;
    return same;
}

static void check_scenario(struct verify *v, const struct results *r,
                           const struct plan_again *p)
{
    const struct environment *e = &r->environment;
    const json_t *s = json_object_get(e->json, "scenario");
    const char *text = json_string_value(json_object_get(s, "text"));
    double trials = json_number_value(json_object_get(e->json, "trials"));
    double points = json_number_value(json_object_get(e->json, "points"));
    check(v, text && strcmp(text, p->scenario.text) == 0, "scenario.ini", 1,
          "not the text that environment.json has of the scenario");
    check(v, strcmp(e->scenario.name, p->scenario.name) == 0, "environment.json", 1,
          "the scenario is '%s', scenario.ini has '%s'", e->scenario.name, p->scenario.name);
    check(v,
          e->scenario.repetitions == p->scenario.repetitions &&
              e->scenario.rank == p->scenario.rank,
          "environment.json", 1, "other repetitions or another rank than scenario.ini");
    check(v, same_expectations(&e->scenario.expectations, &p->scenario.expectations),
          "environment.json", 1, "other expectations than scenario.ini");
    check(v, trials == (double)p->plan.count && points == (double)p->plan.points,
          "environment.json", 1, "%.0f trials of %.0f points, the plan has %zu of %zu", trials,
          points, p->plan.count, p->plan.points);
}

static void check_place(struct verify *v, const struct trial_row *row,
                        const struct plan_again *p)
{
    const struct plan_trial *t = plan_again_trial(p, row->trial);
    char point[AXIS_TEXT_MAX];
    check(v, strcmp(row->scenario, p->scenario.name) == 0, "trials.csv", row->line,
          "scenario '%s', scenario.ini has '%s'", row->scenario, p->scenario.name);
    if (!t) {
        check(v, false, "trials.csv", row->line, "the plan has no trial %u", row->trial);
        return;
    }
    check(v,
          t->block == row->block && t->protocol == row->protocol &&
              t->connections == row->connections && t->at == row->at && t->axis == row->axis &&
              strcmp(t->model->name, row->model) == 0,
          "trials.csv", row->line, "trial %u of the plan is %s %s, %s, block %u: not this row",
          row->trial, protocol_names[t->protocol], t->model->name,
          axis_point_text(t->axis, t->at, point), t->block);
}

static void check_complete(struct verify *v, const struct results *r,
                           const struct plan_again *p)
{
    bool *seen = xcalloc(p->plan.count + 1, sizeof *seen);
    char point[AXIS_TEXT_MAX];
    for (size_t i = 0; i < r->rows.count; i++)
        if (r->rows.at[i].trial <= p->plan.count)
            seen[r->rows.at[i].trial] = true;
    for (unsigned id = 1; id <= p->plan.count; id++) {
        const struct plan_trial *t = plan_again_trial(p, id);
        check(v, seen[id], "trials.csv", r->rows.count + 1,
              "trial %u is missing: %s %s, %s, block %u", id, protocol_names[t->protocol],
              t->model->name, axis_point_text(t->axis, t->at, point), t->block);
    }
    free(seen);
}

/* What judge() makes of the row's figures, where the generator said `said`. */
static struct trial_row judged(const struct results *r, const struct plan_again *p,
                               const struct trial_row *row, const char *said)
{
    const struct environment *e = &r->environment;
    struct placement placement = {.server_count = e->placement.server_cpus,
                                  .generator_count = e->placement.generator_cpus,
                                  .shared = e->placement.shared};
    unsigned most = axis_server_cpus(row->axis, row->at);
    if ((unsigned)placement.server_count > most)
        placement.server_count = (int)most;
    struct model model = {.name = (char *)row->model};
    if (row->value[M_CONCURRENCY] > 0)
        model.concurrency = (unsigned)row->value[M_CONCURRENCY];
    struct trial_row again = *row;
    again.reason[0] = '\0';
    size_t behind = strlen(judge_overload);
    const char *overload =
        strncmp(row->note, judge_overload, behind) == 0 ? row->note + behind : NULL;
    judge(&again,
          &(struct judge_facts){
              .model = &model,
              .placement = &placement,
              .settling = p->scenario.settle_ns > 0 &&
                          judge_holds_all(&model, axis_open_connections(
                                                      row->axis, row->connections, row->at)),
              .generator_verdict = said,
              .generator_reason = overload ? overload : row->reason,
              .on_time = overload,
              .older = row->generator_verdict[0] == '\0',
          });
    return again;
}

static bool agrees(const struct trial_row *x, const struct trial_row *y)
{
    return x->verdict == y->verdict && strcmp(x->reason, y->reason) == 0;
}

/* A row without the column is right if any word of a generator makes it so. */
static void check_old_verdict(struct verify *v, const struct results *r,
                              const struct plan_again *p, const struct trial_row *row)
{
    static const char *const words[] = {"ok", "generator-limited", "INVALID", "FAILED"};
    struct trial_row again;
    bool found = false;
    char why[384];
    for (size_t i = 0; !found && i < sizeof words / sizeof words[0]; i++) {
        again = judged(r, p, row, words[i]);
        found = agrees(&again, row);
    }
    again = judged(r, p, row, "ok");
    check(v, found, "trials.csv", row->line, "%s, '%s': its figures give %s, '%s'",
          verdict_names[row->verdict], row->reason, verdict_names[again.verdict], again.reason);
    v->no_generator_verdict++;
    v->unknown++;
    if (row->verdict != VERDICT_INVALID) {
        check(v, consistent_figures(row, why, sizeof why), "trials.csv", row->line, "%s", why);
        if (!row->counting && !consistent_little(row, why, sizeof why)) {
            v->breaks_little++;
            v->unknown++;
        }
    }
}

static void check_verdict(struct verify *v, const struct results *r, const struct plan_again *p,
                          const struct trial_row *row)
{
    if (!row->ok) {
        check(v, row->verdict == VERDICT_INVALID && row->reason[0] != '\0', "trials.csv",
              row->line, "a trial that is not ok is %s, '%s'", verdict_names[row->verdict],
              row->reason);
        return;
    }
    if (row->generator_verdict[0] == '\0') {
        check_old_verdict(v, r, p, row);
        return;
    }
    struct trial_row again = judged(r, p, row, row->generator_verdict);
    check(v, agrees(&again, row), "trials.csv", row->line,
          "%s, '%s': its figures give %s, '%s'", verdict_names[row->verdict], row->reason,
          verdict_names[again.verdict], again.reason);
}

static void check_histogram(struct verify *v, const struct results *r,
                            const struct trial_row *row)
{
    char file[64], why[512];
    struct fault fault;
    if (!row->ok || row->counting)
        return;
    snprintf(file, sizeof file, "histograms/%u.csv", row->trial);
    switch (verify_histogram(r->dir, row, &fault, why, sizeof why)) {
    case BUCKETS_MISSING:
        v->no_histogram++;
        v->unknown++;
        break;
    case BUCKETS_GOOD:
        check(v, true, file, 0, "%s", "");
        break;
    case BUCKETS_BAD:
        if (fault.line > 0)
            check(v, false, fault.of_row ? "trials.csv" : file, fault.line, "%s", why);
        else {
            v->checks++;
            v->disagreements++;
            fprintf(v->f, "%s\n", why); /* it names its place itself */
        }
    }
}

static bool has_trial(const struct results *r, const char *name)
{
    for (size_t i = 0; i < r->rows.count; i++) {
        char file[32];
        snprintf(file, sizeof file, "%u.csv", r->rows.at[i].trial);
        if (strcmp(file, name) == 0 && r->rows.at[i].ok && !r->rows.at[i].counting)
            return true;
    }
    return false;
}

static void check_strays(struct verify *v, const struct results *r)
{
    char *path = text_format("%s/histograms", r->dir);
    DIR *d = opendir(path);
    struct dirent *entry;
    while (d && (entry = readdir(d)))
        if (entry->d_name[0] != '.') {
            char *file = text_format("histograms/%s", entry->d_name);
            check(v, has_trial(r, entry->d_name), file, 1, "no trial has this histogram");
            free(file);
        }
    if (d)
        closedir(d);
    free(path);
}

/* Line by line; a text that ends early lacks the other's lines. */
static void check_lines(struct verify *v, const char *name, const char *is, const char *should)
{
    for (size_t line = 1; *is || *should; line++) {
        size_t x = strcspn(is, "\n"), y = strcspn(should, "\n");
        check(v, x == y && memcmp(is, should, x) == 0 && is[x] == should[y], name, line,
              "not what is made of trials.csv");
        is += x + (is[x] != '\0');
        should += y + (should[y] != '\0');
    }
}

/* A file of a version with fewer columns: those that it has, cell by cell. */
static void check_columns(struct verify *v, const char *name, const struct csv *is,
                          const struct csv *should)
{
    check(v, is->rows == should->rows, name, is->rows + 1, "%zu rows, trials.csv makes %zu",
          is->rows, should->rows);
    for (size_t c = 0; c < should->columns; c++)
        if (csv_column(is, should->header[c]) < 0) {
            v->no_column++;
            v->unknown++;
        }
    for (size_t c = 0; c < is->columns; c++) {
        int same = csv_column(should, is->header[c]);
        check(v, same >= 0, name, 1, "no run writes a column '%.60s'", is->header[c]);
        for (size_t row = 0; same >= 0 && row < is->rows && row < should->rows; row++)
            check(v, strcmp(csv_cell(is, row, (int)c), csv_cell(should, row, same)) == 0, name,
                  is->lines[row], "%s is '%.60s', trials.csv makes '%.60s'", is->header[c],
                  csv_cell(is, row, (int)c), csv_cell(should, row, same));
    }
}

static void check_older(struct verify *v, const char *name, const char *path, const char *made)
{
    struct csv is, should;
    char error[512];
    if (!csv_read(path, &is, error, sizeof error)) {
        check(v, false, name, 1, "%s", error);
        return;
    }
    if (!csv_read(made, &should, error, sizeof error))
        die("%s", error);
    check_columns(v, name, &is, &should);
    csv_free(&should);
    csv_free(&is);
}

static bool same_header(const char *x, const char *y)
{
    size_t n = strcspn(x, "\n");
    return n == strcspn(y, "\n") && memcmp(x, y, n) == 0;
}

/* DIR/name against the same file made again in `again`. */
static void check_file(struct verify *v, const char *dir, const char *again, const char *name)
{
    char *path = text_format("%s/%s", dir, name);
    char *made = text_format("%s/%s", again, name);
    char *is = text_read_file(path);
    char *should = text_read_file(made);
    if (!is || !should)
        check(v, !is && !should, name, 1, "%s",
              is ? "there is nothing to make it of" : "it is missing");
    else if (same_header(is, should))
        check_lines(v, name, is, should);
    else
        check_older(v, name, path, made);
    unlink(made);
    free(should);
    free(is);
    free(made);
    free(path);
}

static void check_made(struct verify *v, const struct results *r)
{
    char error[512];
    char *again = paths_temporary("verify", error, sizeof error);
    if (!again)
        die("%s", error);
    summary_write(&r->summary, again);
    ratios_write(&r->ratios, again);
    predictions_write(&r->predictions, again);
    check_file(v, r->dir, again, "summary.csv");
    check_file(v, r->dir, again, "ratios.csv");
    check_file(v, r->dir, again, "predictions.csv");
    rmdir(again);
    free(again);
}

static int by_line(const void *a, const void *b)
{
    const struct trial_row *x = *(const struct trial_row *const *)a;
    const struct trial_row *y = *(const struct trial_row *const *)b;
    return (x->line > y->line) - (x->line < y->line);
}

void verify_run(struct verify *v, const struct results *r)
{
    struct plan_again p;
    char error[512];
    size_t n = r->rows.count;
    const struct trial_row **rows = xcalloc(n + 1, sizeof *rows);
    v->dir = r->dir;
    v->trials = n;
    for (size_t i = 0; i < n; i++)
        rows[i] = &r->rows.at[i];
    qsort(rows, n, sizeof *rows, by_line);
    bool planned = plan_again(&p, r->dir, &r->environment, error, sizeof error);
    if (planned) {
        check_scenario(v, r, &p);
    } else {
        v->checks++;
        v->disagreements++;
        fprintf(v->f, "%s\n", error);
    }
    for (size_t i = 0; i < n; i++) {
        if (planned)
            check_place(v, rows[i], &p);
        check_verdict(v, r, &p, rows[i]);
        check_histogram(v, r, rows[i]);
    }
    if (planned)
        check_complete(v, r, &p);
    check_strays(v, r);
    check_made(v, r);
    plan_again_free(&p);
    free(rows);
}
