#include "bench/show/explain_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/show/conditions.h"
#include "bench/show/finding.h"
#include "common/err.h"

static void put_row(FILE *f, unsigned row, const struct explained *x)
{
    const struct spread *s = &x->point->at[S_CPU_PER_REQUEST];
    double values[PART_COUNT + 4];
    for (int p = 0; p < PART_COUNT; p++)
        values[p] = x->predicted.part[p] / 1e3;
    values[PART_COUNT] = x->predicted.total / 1e3;
    values[PART_COUNT + 1] = s->median;
    values[PART_COUNT + 2] = s->low;
    values[PART_COUNT + 3] = s->high;
    fprintf(f, "%u\t%s", row, x->point->model);
    for (int i = 0; i < PART_COUNT + 4; i++) {
        fputc('\t', f);
        csv_put_number(f, values[i], 5);
    }
    fputc('\n', f);
}

bool explain_data_write(const char *dir, enum protocol protocol, const struct explanation *e)
{
    unsigned row = 0;
    bool any = false;
    for (size_t i = 0; i < e->count; i++)
        any |= e->at[i].known;
    if (!any)
        return false;
    char *path = text_format("%s/plots/explained_%s.tsv", dir, protocol_names[protocol]);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("row\tname", f);
    for (int p = 0; p < PART_COUNT; p++)
        fprintf(f, "\t%s", cost_part_names[p]);
    fputs("\tpredicted\tmeasured\tlow\thigh\n", f);
    for (size_t i = 0; i < e->count; i++)
        if (e->at[i].known)
            put_row(f, ++row, &e->at[i]);
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
    return true;
}

/* The parts of each request in microseconds, as predicted, and what was measured. */
static char *figures_of(const struct explanation *e)
{
    char *all = xstrdup("CPU time of a request, predicted and measured:");
    for (size_t i = 0; i < e->count; i++) {
        const struct explained *x = &e->at[i];
        if (!x->known)
            continue;
        char *longer = text_format("%s%s %s %.2f µs and %.2f µs", all,
                                   all[strlen(all) - 1] == ':' ? "" : ",", x->point->model,
                                   x->predicted.total / 1e3, x->measured / 1e3);
        free(all);
        all = longer;
    }
    return all;
}

struct caption explain_caption(const struct results *r, enum protocol protocol,
                               const struct explanation *e)
{
    char point[AXIS_TEXT_MAX];
    unsigned at = e->count > 0 ? e->at[0].point->on_axis : r->environment.scenario.rank;
    return (struct caption){
        .finding =
            text_format("At %s counts times unit costs come within %.0f %% of "
                        "the CPU time measured for %zu of %zu server%s",
                        finding_point(r->environment.scenario.axis, at, point),
                        EXPLAINED_WITHIN * 100, e->close, e->both, text_s((double)e->both)),
        .conditions = conditions_text(r, protocol, false),
        .note = xstrdup("bars: predicted from counts and unit costs; mark: measured"),
        .figures = figures_of(e)};
}
