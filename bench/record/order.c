#include "bench/record/order.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

const char *const order_verdict_names[] = {[ORDER_HOLDS] = "holds",
                                           [ORDER_REFUTED] = "does not hold",
                                           [ORDER_OPEN] = "not decided",
                                           [ORDER_UNKNOWN] = "not known"};

static enum order_verdict judge_link(const struct order_link *s)
{
    if (!s->a || !s->b || ratio_excuse(s->a) || ratio_excuse(s->b))
        return ORDER_UNKNOWN;
    switch (s->pair.finding) {
    case RATIO_ABOVE:
        return ORDER_HOLDS;
    case RATIO_BELOW:
        return ORDER_REFUTED;
    case RATIO_NOT_TOLD_APART:
        return ORDER_OPEN;
    default:
        return s->pair.at.n > 0 ? ORDER_OPEN : ORDER_UNKNOWN;
    }
}

static enum order_verdict judge_all(const struct order *o)
{
    bool seen[4] = {false};
    for (size_t i = 0; i + 1 < o->count; i++)
        seen[o->links[i].verdict] = true;
    /* One wrong link refutes the whole, whatever the others are. */
    return seen[ORDER_REFUTED]   ? ORDER_REFUTED
           : seen[ORDER_UNKNOWN] ? ORDER_UNKNOWN
           : seen[ORDER_OPEN]    ? ORDER_OPEN
                                 : ORDER_HOLDS;
}

static int by_speed(const void *a, const void *b)
{
    double x = (*(const struct summary_point *const *)a)->at[S_RATE].median;
    double y = (*(const struct summary_point *const *)b)->at[S_RATE].median;
    return (x < y) - (x > y);
}

static void make_link(struct order *o, size_t i, const struct trial_rows *rows,
                      const struct summary *s)
{
    struct order_link *link = &o->links[i];
    *link = (struct order_link){.first = o->names[i], .second = o->names[i + 1]};
    link->a = ratio_point(s, o->protocol, link->first, o->at);
    link->b = ratio_point(s, o->protocol, link->second, o->at);
    if (link->a && link->b) {
        const struct spread *x = &link->a->at[S_RATE];
        const struct spread *y = &link->b->at[S_RATE];
        link->pair = ratio_of(rows, link->a, link->b);
        link->overlap = x->low <= y->high && y->low <= x->high;
    }
    link->verdict = judge_link(link);
}

void order_make(struct order *o, const char *claim, const struct summary_point *where,
                const struct trial_rows *rows, const struct summary *s)
{
    *o = (struct order){.text = xstrdup(claim),
                        .protocol = where->protocol,
                        .axis = where->axis,
                        .at = where->on_axis};
    char *rest = o->text;
    char *item;
    while (o->count < ORDER_MAX && (item = strsep(&rest, ">"))) {
        o->names[o->count++] = text_trim(item);
        const struct summary_point *p =
            ratio_point(s, o->protocol, o->names[o->count - 1], o->at);
        if (p && !ratio_excuse(p))
            o->measured[o->measured_count++] = p;
    }
    if (o->measured_count > 0)
        qsort(o->measured, o->measured_count, sizeof o->measured[0], by_speed);
    for (size_t i = 0; i + 1 < o->count; i++)
        make_link(o, i, rows, s);
    o->verdict = judge_all(o);
}

void order_free(struct order *o)
{
    free(o->text);
    *o = (struct order){0};
}
