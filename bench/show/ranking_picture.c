#include "bench/show/ranking_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/csv.h"
#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/plan/family.h"
#include "bench/show/conditions.h"
#include "bench/show/finding.h"
#include "bench/show/gnuplot.h"
#include "bench/show/ranking.h"
#include "common/err.h"

/* Why a model has no rank, in a word or two. */
static const char *state_of(const struct summary_point *p, bool ranked)
{
    if (ranked)
        return "valid";
    if (p->trials > 0 && p->unsupported == p->trials)
        return "unsupported";
    if (p->verdict == VERDICT_INVALID)
        return "INVALID";
    if (p->answer[0])
        return "other answer";
    return p->verdict == VERDICT_GENERATOR_LIMITED ? "generator-limited" : "starves";
}

/* The model in the same rank that comes last. */
static size_t end_of_rank(const struct ranking *ranking, size_t i)
{
    while (i + 1 < ranking->ranked && ranking->rank[i + 1] == ranking->rank[i])
        i++;
    return i;
}

static void put(FILE *f, double value)
{
    fputc('\t', f);
    csv_put_number(f, value, 1);
}

static void write_data(const struct ranking *ranking, const char *path)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("row\trank\tlast_row_of_rank\tmodel\tfamily\tstate\trate\tlow\thigh\ttext\n", f);
    for (size_t i = 0; i < ranking->count; i++) {
        const struct summary_point *p = ranking->at[i];
        const struct spread *s = &p->at[S_RATE];
        bool ranked = i < ranking->ranked;
        char text[32] = "";
        fprintf(f, "%zu\t", i + 1);
        if (ranked)
            fprintf(f, "%zu\t%zu", ranking->rank[i], end_of_rank(ranking, i) + 1);
        else
            fputc('\t', f);
        fprintf(f, "\t%s\t%s\t%s", p->model, family_at(family_of(p->model))->name,
                state_of(p, ranked));
        put(f, s->median);
        put(f, s->n > 1 ? s->low : NAN);
        put(f, s->n > 1 ? s->high : NAN);
        fprintf(f, "\t%s\n", isnan(s->median) ? "" : figure_thousands(s->median, text));
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
}

static char *figures_of(const struct ranking *ranking)
{
    char *all = xstrdup("requests per second, fastest first:");
    for (size_t i = 0; i < ranking->count; i++) {
        char rank[32] = "not ranked", figure[96];
        const struct summary_point *p = ranking->at[i];
        if (i < ranking->ranked)
            snprintf(rank, sizeof rank, "rank %zu", ranking->rank[i]);
        char *longer =
            text_format("%s%s %s (%s) %s", all, i > 0 ? "," : "", p->model, rank,
                        isnan(p->at[S_RATE].median) ? state_of(p, false)
                                                    : figure_spread(&p->at[S_RATE], figure));
        free(all);
        all = longer;
    }
    return all;
}

/* The models, separated by spaces. */
static char *names_of(const struct ranking *ranking)
{
    char *names = xstrdup("");
    for (size_t i = 0; i < ranking->count; i++) {
        char *longer = text_format("%s%s%s", names, names[0] ? " " : "", ranking->at[i]->model);
        free(names);
        names = longer;
    }
    char *quoted = gnuplot_string(names);
    free(names);
    return quoted;
}

static double highest(const struct ranking *ranking)
{
    double most = 0;
    for (size_t i = 0; i < ranking->count; i++)
        most = fmax(most,
                    fmax(ranking->at[i]->at[S_RATE].median, ranking->at[i]->at[S_RATE].high));
    return most;
}

bool ranking_picture(const struct results *r, enum protocol protocol, const char *path,
                     struct caption *caption, char **set)
{
    struct ranking ranking;
    struct tics tics;
    ranking_make(&ranking, r, protocol);
    bool any = ranking.count > 0;
    if (any) {
        write_data(&ranking, path);
        tics_linear(&tics, highest(&ranking), UNIT_RATE);
        char *text = gnuplot_string(tics.text);
        char *names = names_of(&ranking);
        *set = text_format("models=%zu; names=%s; x_high=%.9g; x_tics=%s", ranking.count, names,
                           tics.high, text);
        free(names);
        free(text);
        *caption = (struct caption){
            .finding = finding_rank(r, &ranking),
            .conditions = conditions_text(r, protocol, true),
            .note =
                text_format("bracket: this run does not tell these from the first of them%s",
                            ranking.count > ranking.ranked ? "; hollow: not ranked" : ""),
            .figures = figures_of(&ranking)};
    }
    ranking_free(&ranking);
    return any;
}
