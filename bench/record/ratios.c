#include "bench/record/ratios.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/plan/external.h"
#include "common/err.h"

const struct summary_point *ratio_point(const struct summary *s, enum protocol protocol,
                                        const char *model, unsigned at)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].protocol == protocol && strcmp(s->at[i].model, model) == 0 &&
            s->at[i].on_axis == at)
            return &s->at[i];
    return NULL;
}

const char *ratio_excuse(const struct summary_point *p)
{
    if (p->verdict == VERDICT_INVALID)
        return "INVALID";
    if (summary_starves(p))
        return "starves connections";
    if (p->answer[0])
        return "another answer";
    return NULL;
}

static double in_block(const struct trial_rows *rows, const struct summary_point *p,
                       unsigned block, enum summary_metric m)
{
    double value = NAN;
    for (size_t i = 0; i < rows->count && isnan(value); i++)
        if (rows->at[i].block == block)
            value = summary_value(p, &rows->at[i], m);
    return value;
}

struct spread ratio_spread(const struct trial_rows *rows, const struct summary_point *a,
                           const struct summary_point *b, enum summary_metric m)
{
    unsigned last = 0;
    for (size_t i = 0; i < rows->count; i++)
        last = rows->at[i].block > last ? rows->at[i].block : last;
    double *values = xcalloc(last + 1, sizeof *values);
    for (unsigned block = 0; block <= last; block++) {
        double below = in_block(rows, b, block, m);
        values[block] = below == 0 ? NAN : in_block(rows, a, block, m) / below;
    }
    struct spread found = stats_spread(values, last + 1);
    free(values);
    return found;
}

static enum ratio_finding find(const struct spread *s, bool a_limited, bool b_limited)
{
    if (s->n < RATIO_PAIRS_MIN)
        return RATIO_OPEN;
    if (s->low > 1)
        return b_limited ? RATIO_OPEN : RATIO_ABOVE;
    if (s->high < 1)
        return a_limited ? RATIO_OPEN : RATIO_BELOW;
    return a_limited || b_limited ? RATIO_OPEN : RATIO_NOT_TOLD_APART;
}

struct ratio_pair ratio_of(const struct trial_rows *rows, const struct summary_point *a,
                           const struct summary_point *b)
{
    bool a_limited = a->verdict == VERDICT_GENERATOR_LIMITED;
    bool b_limited = b->verdict == VERDICT_GENERATOR_LIMITED;
    struct ratio_pair pair = {.at = ratio_spread(rows, a, b, S_RATE)};
    pair.finding = find(&pair.at, a_limited, b_limited);
    pair.bound = a_limited == b_limited ? "" : a_limited ? "≥" : "≤";
    return pair;
}

static void add(struct ratios *r, const struct trial_rows *rows, const struct summary_point *m,
                const struct summary_point *p)
{
    struct ratio ratio = {
        .model = m, .external = p, .pair = {.finding = RATIO_OPEN, .bound = ""}};
    ratio.excuse = ratio_excuse(p);
    if (!ratio.excuse)
        ratio.excuse = ratio_excuse(m);
    if (ratio.excuse)
        ratio.pair.at = (struct spread){NAN, NAN, NAN, 0};
    else
        ratio.pair = ratio_of(rows, m, p);
    r->at = xrealloc(r->at, (r->count + 1) * sizeof *r->at);
    r->at[r->count++] = ratio;
}

/* The counterparts of one point of ours, in the order of the summary. */
static void add_externals(struct ratios *r, const struct trial_rows *rows,
                          const struct summary *s, const struct environment *environment,
                          const struct summary_point *ours)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        const struct run_server *server = environment_server(environment, p->model);
        if (p->on_axis == ours->on_axis && p->protocol == ours->protocol && server &&
            server->external && external_is_counterpart(server->counterpart_of, ours->model))
            add(r, rows, ours, p);
    }
}

void ratios_make(struct ratios *r, const struct trial_rows *rows, const struct summary *s,
                 const struct environment *environment)
{
    *r = (struct ratios){0};
    for (size_t i = 0; i < s->count; i++) {
        const struct run_server *server = environment_server(environment, s->at[i].model);
        if (server && !server->external)
            add_externals(r, rows, s, environment, &s->at[i]);
    }
}

void ratios_free(struct ratios *r)
{
    free(r->at);
    *r = (struct ratios){0};
}

const char *ratio_finding_text(const struct ratio *r)
{
    static const char *const texts[] = {[RATIO_ABOVE] = "ours faster",
                                        [RATIO_BELOW] = "external faster",
                                        [RATIO_NOT_TOLD_APART] = "not told apart"};
    if (r->excuse)
        return r->excuse;
    bool limited = r->model->verdict == VERDICT_GENERATOR_LIMITED ||
                   r->external->verdict == VERDICT_GENERATOR_LIMITED;
    if (r->pair.finding == RATIO_OPEN)
        return limited && r->pair.at.n >= RATIO_PAIRS_MIN ? "open: generator-limited"
                                                          : "open: fewer than five pairs";
    return texts[r->pair.finding];
}

void ratios_write(const struct ratios *r, const char *dir)
{
    static const enum summary_metric metrics[] = {S_RPS, S_SYSCALLS_PER_REQUEST,
                                                  S_CPU_PER_REQUEST};
    char *path = text_format("%s/ratios.csv", dir);
    if (r->count == 0) {
        if (unlink(path) != 0 &&
            errno != ENOENT) /* an older one would contradict summary.csv */
            die_errno("cannot remove %s", path);
        free(path);
        return;
    }
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("protocol,model,external,connections,pairs,ratio,ratio_low,ratio_high,bound,finding,"
          "model_requests_per_second,external_requests_per_second,model_syscalls_per_request,"
          "external_syscalls_per_request,model_cpu_us_per_request,external_cpu_us_per_request,"
          "axis,at\n",
          f);
    for (size_t i = 0; i < r->count; i++) {
        const struct ratio *x = &r->at[i];
        const struct spread *s = &x->pair.at;
        const char *bound = x->pair.bound[0] == '\0'          ? ""
                            : strcmp(x->pair.bound, "≥") == 0 ? "lower"
                                                              : "upper";
        fprintf(f, "%s,", protocol_names[x->model->protocol]);
        csv_put_text(f, x->model->model);
        fputc(',', f);
        csv_put_text(f, x->external->model);
        fprintf(f, ",%u,%zu", x->model->connections, s->n);
        const double figures[] = {s->median, s->low, s->high};
        for (int k = 0; k < 3; k++) {
            fputc(',', f);
            csv_put_number(f, figures[k], 4);
        }
        fprintf(f, ",%s,%s", bound, ratio_finding_text(x));
        for (size_t k = 0; k < sizeof metrics / sizeof metrics[0]; k++) {
            fputc(',', f);
            csv_put_number(f, x->model->at[metrics[k]].median, 4);
            fputc(',', f);
            csv_put_number(f, x->external->at[metrics[k]].median, 4);
        }
        fprintf(f, ",%s,%u\n", axis_info(x->model->axis)->name, x->model->on_axis);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}
