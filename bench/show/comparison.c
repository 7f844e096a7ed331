#include "bench/show/comparison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/conditions.h"
#include "bench/show/line_pictures.h"
#include "common/err.h"

static void put_point(FILE *f, unsigned row, unsigned last, const char *kind,
                      const struct summary_point *p)
{
    const struct spread *s = &p->at[S_RATE];
    if (p->verdict == VERDICT_INVALID || s->n == 0)
        fprintf(f, "%u\t%s\t%s\t%u\t\t\t\tINVALID\t%u\n", row, kind, p->model, p->on_axis,
                last);
    else
        fprintf(f, "%u\t%s\t%s\t%u\t%.1f\t%.1f\t%.1f\t%s\t%u\n", row, kind, p->model,
                p->on_axis, s->median, s->low, s->high,
                ratio_excuse(p) ? "crossed" : verdict_names[p->verdict], last);
}

static bool mine(const struct ratio *r, enum protocol protocol)
{
    return r->model->protocol == protocol;
}

static bool same_external(const struct ratio *a, const struct ratio *b, enum protocol protocol)
{
    return mine(a, protocol) && mine(b, protocol) &&
           strcmp(a->external->model, b->external->model) == 0;
}

/* Whether r[i] is the first of its server from `first` on. */
static bool is_first(const struct ratio *r, size_t first, size_t i, enum protocol protocol)
{
    size_t k = first;
    while (k < i && !same_external(&r[k], &r[i], protocol))
        k++;
    return k == i && mine(&r[i], protocol);
}

/* Our model's points, each once; then those of its counterparts. One row a server, a point for
 * each number of connections. Returns the last row. */
static unsigned put_group(FILE *f, unsigned row, const struct ratio *r, size_t first,
                          size_t end, enum protocol protocol)
{
    unsigned done = 0;
    bool any = false;
    unsigned last = row;
    for (size_t i = first; i < end; i++)
        last += is_first(r, first, i, protocol);
    for (size_t i = first; i < end; i++) {
        unsigned place = axis_place(r[i].model->axis, r[i].model->on_axis);
        if (!mine(&r[i], protocol) || (any && place <= done))
            continue;
        any = true;
        done = place;
        put_point(f, row, last, "ours", r[i].model);
    }
    for (size_t i = first; i < end; i++) {
        if (!is_first(r, first, i, protocol))
            continue;
        row++;
        for (size_t k = i; k < end; k++)
            if (same_external(&r[i], &r[k], protocol))
                put_point(f, row, last, "external", r[k].external);
    }
    return last;
}

bool comparison_write(const char *dir, enum protocol protocol, const struct ratios *ratios)
{
    bool any = false;
    for (size_t i = 0; i < ratios->count; i++)
        any |= mine(&ratios->at[i], protocol);
    if (!any)
        return false;
    char *path = text_format("%s/plots/comparison_%s.tsv", dir, protocol_names[protocol]);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("row\tkind\tname\tconnections\trequests_per_second\tlow\thigh\tverdict\tlast_row\n",
          f);
    unsigned row = 1;
    for (size_t i = 0; i < ratios->count;) {
        size_t end = i;
        while (end < ratios->count &&
               strcmp(ratios->at[end].model->model, ratios->at[i].model->model) == 0 &&
               mine(&ratios->at[end], protocol) == mine(&ratios->at[i], protocol))
            end++;
        if (mine(&ratios->at[i], protocol))
            row = put_group(f, row, ratios->at, i, end, protocol) + 2;
        i = end;
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
    return true;
}

static char *finding_of(const struct results *r, enum protocol protocol)
{
    size_t faster = 0, slower = 0, all = 0;
    for (size_t i = 0; i < r->ratios.count; i++) {
        const struct ratio *x = &r->ratios.at[i];
        if (!mine(x, protocol))
            continue;
        all++;
        faster += !x->excuse && x->pair.finding == RATIO_ABOVE;
        slower += !x->excuse && x->pair.finding == RATIO_BELOW;
    }
    return text_format(
        "In %zu of %zu comparison%s our model is faster than the server of others, "
        "in %zu slower; the rest is not told",
        faster, all, text_s((double)all), slower);
}

static char *figures_of(const struct results *r, enum protocol protocol)
{
    char *all = xstrdup("requests per second of ours by theirs");
    for (size_t i = 0; i < r->ratios.count; i++) {
        const struct ratio *x = &r->ratios.at[i];
        if (!mine(x, protocol) || x->pair.at.n == 0)
            continue;
        all = note_join(all, text_format("%s by %s at %u: %.2f, %s", x->model->model,
                                         x->external->model, x->model->connections,
                                         x->pair.at.median, ratio_finding_text(x)));
    }
    return all;
}

struct caption comparison_caption(const struct results *r, enum protocol protocol)
{
    return (struct caption){
        .finding = finding_of(r, protocol),
        .conditions = conditions_text(r, protocol, true),
        .note = xstrdup("● ours   ◆ others   hollow: generator-limited   ×: not "
                        "comparable   dotted: our model"),
        .figures = figures_of(r, protocol)};
}
