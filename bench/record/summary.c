#include "bench/record/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/plan/models.h"
#include "bench/record/noise_floor.h"
#include "common/err.h"

#define SUMMARY_SOURCE(id) M_##id,
static const enum metric sources[] = {SUMMARY_METRICS(SUMMARY_SOURCE)};

static int by_point(const void *a, const void *b)
{
    const struct trial_row *x = a;
    const struct trial_row *y = b;
    int order = (x->protocol > y->protocol) - (x->protocol < y->protocol);
    if (order == 0)
        order = models_rank(x->model) - models_rank(y->model);
    if (order == 0)
        order = strcmp(x->model, y->model);
    if (order == 0)
        order = (axis_place(x->axis, x->at) > axis_place(y->axis, y->at)) -
                (axis_place(x->axis, x->at) < axis_place(y->axis, y->at));
    if (order == 0)
        order = (x->trial > y->trial) - (x->trial < y->trial);
    return order;
}

static bool same_point(const struct trial_row *x, const struct trial_row *y)
{
    return x->protocol == y->protocol && strcmp(x->model, y->model) == 0 && x->at == y->at;
}

static bool usable(const struct trial_row *r)
{
    return r->ok && r->verdict != VERDICT_INVALID;
}

static bool is_of(const struct summary_point *p, const struct trial_row *row)
{
    return row->protocol == p->protocol && strcmp(row->model, p->model) == 0 &&
           row->at == p->on_axis;
}

bool summary_uses(const struct summary_point *p, const struct trial_row *row)
{
    return usable(row) && !row->counting && is_of(p, row) &&
           (row->verdict == VERDICT_VALID || p->verdict == VERDICT_GENERATOR_LIMITED);
}

/* System calls come from the counting trials alone, all else from the others. */
double summary_value(const struct summary_point *p, const struct trial_row *row,
                     enum summary_metric m)
{
    bool takes = m == S_SYSCALLS_PER_REQUEST ? usable(row) && row->counting && is_of(p, row)
                                             : summary_uses(p, row);
    return takes && p->verdict != VERDICT_INVALID ? row->value[sources[m]] : NAN;
}

enum summary_metric summary_metric_named(const char *name)
{
    int m = 0;
    while (m < SUMMARY_COUNT && strcmp(metric_names[sources[m]], name) != 0)
        m++;
    return (enum summary_metric)m;
}

static void judge_point(struct summary_point *p, const struct trial_row *rows, size_t n)
{
    p->verdict = VERDICT_VALID;
    if (p->usable * 2 <= p->trials)
        p->verdict = VERDICT_INVALID;
    else if (p->valid * 2 <= p->usable)
        p->verdict = VERDICT_GENERATOR_LIMITED;
    p->used = p->verdict == VERDICT_VALID               ? p->valid
              : p->verdict == VERDICT_GENERATOR_LIMITED ? p->usable
                                                        : 0;

    p->answer = "";
    for (size_t i = 0; i < n && p->answer[0] == '\0'; i++)
        if (rows[i].answer[0] && strcmp(rows[i].answer, answer_is_same) != 0)
            p->answer = rows[i].answer;
    p->reason = "";
    for (size_t i = 0; i < n && p->verdict != VERDICT_VALID && p->reason[0] == '\0'; i++)
        if (!rows[i].counting && rows[i].verdict == p->verdict)
            p->reason = rows[i].reason;
}

/* The rates of a point, which is judged. */
static void set_rates(struct summary_point *p, struct trial_row *rows, size_t n,
                      const struct rate_basis *run)
{
    bool held = false;
    for (size_t i = 0; i < n; i++)
        held |= summary_uses(p, &rows[i]) && rows[i].value[M_YARDSTICK_RPS] > 0;
    p->plain = !held;
    struct rate_basis basis = summary_basis(p, run);
    for (size_t i = 0; i < n; i++)
        rows[i].value[M_RATE] = rate_of(&rows[i], &basis);
}

static void add_point(struct summary *s, struct trial_row *rows, size_t n,
                      const struct rate_basis *basis)
{
    struct summary_point p = {
        .scenario = rows->scenario,
        .protocol = rows->protocol,
        .model = rows->model,
        .connections = rows->connections,
        .axis = rows->axis,
        .on_axis = rows->at,
    };
    for (size_t i = 0; i < n; i++) {
        if (rows[i].counting)
            continue;
        if (rows[i].value[M_CONCURRENCY] > 0)
            p.concurrency = (unsigned)rows[i].value[M_CONCURRENCY];
        p.trials++;
        p.ok += rows[i].ok;
        p.unsupported += rows[i].unsupported;
        p.usable += usable(&rows[i]);
        p.valid += usable(&rows[i]) && rows[i].verdict == VERDICT_VALID;
    }
    if (p.trials == 0)
        return; /* only counted so far */
    judge_point(&p, rows, n);
    set_rates(&p, rows, n, basis);

    double *values = xcalloc(n, sizeof *values);
    for (int m = 0; m < SUMMARY_COUNT; m++) {
        for (size_t i = 0; i < n; i++)
            values[i] = summary_value(&p, &rows[i], (enum summary_metric)m);
        p.at[m] = stats_spread(values, n);
    }
    free(values);
    s->at = xrealloc(s->at, (s->count + 1) * sizeof *s->at);
    s->at[s->count++] = p;
}

void summary_make(struct summary *s, struct trial_rows *rows)
{
    struct noise_floor noise = noise_floor_of(rows);
    *s = (struct summary){.apart = noise.apart,
                          .noise = noise.trials >= NOISE_TRIALS_MIN ? noise.most : NAN};
    if (rows->count == 0)
        return;
    qsort(rows->at, rows->count, sizeof *rows->at, by_point);
    struct rate_basis basis = rate_basis_of(rows);
    size_t first = 0;
    for (size_t i = 1; i <= rows->count; i++) {
        if (i == rows->count || !same_point(&rows->at[first], &rows->at[i])) {
            add_point(s, &rows->at[first], i - first, &basis);
            first = i;
        }
    }
}

bool summary_apart(const struct summary *s, const struct summary_point *faster,
                   const struct summary_point *slower)
{
    return faster->at[S_RATE].low > s->apart * slower->at[S_RATE].high;
}

void summary_free(struct summary *s)
{
    free(s->at);
    *s = (struct summary){0};
}

void summary_write(const struct summary *s, const char *dir)
{
    char *path = text_format("%s/summary.csv", dir);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);

    fputs("scenario,protocol,model,connections,trials,n_ok,n_valid,verdict,starves", f);
    for (int m = 0; m < SUMMARY_COUNT; m++) {
        const char *name = metric_names[sources[m]];
        fprintf(f, ",%s,%s_low,%s_high", name, name, name);
    }
    fputs(",reason,answer,axis,at\n", f);
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        csv_put_text(f, p->scenario);
        fprintf(f, ",%s,", protocol_names[p->protocol]);
        csv_put_text(f, p->model);
        fprintf(f, ",%u,%u,%u,%u,%s,%d", p->connections, p->trials, p->ok, p->valid,
                verdict_names[p->verdict], summary_starves(p));
        for (int m = 0; m < SUMMARY_COUNT; m++) {
            int digits = metric_digits[sources[m]] + 1;
            const double values[] = {p->at[m].median, p->at[m].low, p->at[m].high};
            for (int k = 0; k < 3; k++) {
                fputc(',', f);
                csv_put_number(f, values[k], digits);
            }
        }
        fputc(',', f);
        csv_put_text(f, p->reason);
        fputc(',', f);
        csv_put_text(f, p->answer);
        fprintf(f, ",%s,%u\n", axis_info(p->axis)->name, p->on_axis);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}

bool summary_starves(const struct summary_point *p)
{
    double starved = p->at[S_STARVED].median;
    bool serves_all =
        p->concurrency == 0 ||
        p->concurrency >= axis_open_connections(p->axis, p->connections, p->on_axis);
    return starved * (serves_all ? 100 : 2) > p->connections;
}

struct rate_basis summary_basis(const struct summary_point *p, const struct rate_basis *run)
{
    return p->plain ? rate_basis_plain() : *run;
}

unsigned summary_disturbed(const struct trial_rows *rows)
{
    unsigned n = 0;
    for (size_t i = 0; i < rows->count; i++)
        n += rows->at[i].disturbed;
    return n;
}

unsigned summary_empty_points(const struct summary *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += s->at[i].usable == 0 && s->at[i].unsupported < s->at[i].trials;
    return n;
}
