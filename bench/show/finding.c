#include "bench/show/finding.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

char *finding_point(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX])
{
    char text[AXIS_TEXT_MAX], figure[32];
    axis_point_text(axis, at, text);
    const char *behind = strchr(text, ' ');
    if (at < 1000 || !behind)
        snprintf(out, AXIS_TEXT_MAX, "%s", text);
    else
        snprintf(out, AXIS_TEXT_MAX, "%.20s%.40s", figure_thousands(at, figure), behind);
    return out;
}

/* "1.63 [1.60–1.85]", and small ones with as many digits: "0.0012 [0.0011–0.0013]" */
static char *ratio_text(const struct spread *s, char out[64])
{
    int digits = s->median >= 0.095 || !(s->median > 0) ? 2 : s->median >= 0.0095 ? 3 : 4;
    if (s->n > 1)
        snprintf(out, 64, "%.*f [%.*f–%.*f]", digits, s->median, digits, s->low, digits,
                 s->high);
    else
        snprintf(out, 64, "%.*f", digits, s->median);
    return out;
}

/* The first rank is shared by `shared` models. */
static char *rank_shared(const struct results *r, const struct ranking *ranking, size_t shared,
                         const char *point)
{
    char ratio[64];
    const struct summary_point *first = ranking->at[0];
    const struct summary_point *last = ranking->at[ranking->ranked - 1];
    if (shared == 2 && ranking->ranked == 2)
        return text_format("At %s %s and %s cannot be told apart", point, first->model,
                           last->model);
    if (shared == ranking->ranked)
        return text_format("At %s none of the %zu models can be told from the fastest", point,
                           shared);
    struct ratio_pair pair = ratio_of(&r->rows, last, first);
    return text_format("At %s %zu of %zu models share the first rank; the slowest is "
                       "%s, with %s of the requests/s of %s",
                       point, shared, ranking->ranked, last->model, ratio_text(&pair.at, ratio),
                       first->model);
}

char *finding_rank(const struct results *r, const struct ranking *ranking)
{
    char point[AXIS_TEXT_MAX], ratio[64], rate[48];
    enum axis axis = r->environment.scenario.axis;
    size_t shared = 0;
    if (ranking->ranked == 0)
        return text_format("At %s no model can be ranked",
                           finding_point(axis, r->environment.scenario.rank, point));
    const struct summary_point *first = ranking->at[0];
    finding_point(axis, first->on_axis, point);
    while (shared < ranking->ranked && ranking->rank[shared] == 1)
        shared++;
    if (ranking->ranked == 1)
        return text_format("At %s %s answers %s", point, first->model,
                           unit_figure(UNIT_RATE, first->at[S_RATE].median, rate));
    if (shared > 1)
        return rank_shared(r, ranking, shared, point);
    struct ratio_pair pair = ratio_of(&r->rows, first, ranking->at[1]);
    if (pair.at.n == 0)
        return text_format("At %s %s is the fastest, before %s", point, first->model,
                           ranking->at[1]->model);
    return text_format("At %s %s is the fastest: %s times %s", point, first->model,
                       ratio_text(&pair.at, ratio), ranking->at[1]->model);
}

/* How a model's rate changes along the sweep. */
struct change {
    const struct summary_point *from;
    const struct summary_point *to;
    struct spread ratio;
};

static bool sound(const struct summary_point *p)
{
    return !ratio_excuse(p) && p->verdict == VERDICT_VALID;
}

/* Where changes are counted from. */
static unsigned start_of(const struct results *r, enum protocol protocol)
{
    if (r->environment.scenario.axis != AXIS_CONNECTIONS)
        for (size_t i = 0; i < r->summary.count; i++)
            if (r->summary.at[i].protocol == protocol)
                return r->summary.at[i].on_axis;
    return r->environment.scenario.rank;
}

/* The change of the model whose first point is s->at[i]; false where it has none. */
static bool change_of(const struct results *r, size_t i, unsigned start, unsigned end,
                      struct change *change)
{
    const struct summary *s = &r->summary;
    const struct summary_point *first = &s->at[i];
    *change = (struct change){0};
    for (; i < s->count && s->at[i].protocol == first->protocol &&
           strcmp(s->at[i].model, first->model) == 0;
         i++) {
        const struct summary_point *p = &s->at[i];
        if (!sound(p))
            continue;
        if (p->on_axis == start)
            change->from = p;
        else if (change->from && axis_place(p->axis, p->on_axis) <= end)
            change->to = p;
    }
    /* One that was measured at 1000 in place of 1024 has come to the end as well. */
    if (!change->to || axis_place(change->to->axis, change->to->on_axis) * 1.3 < end)
        return false;
    change->ratio = ratio_of(&r->rows, change->to, change->from).at;
    return change->ratio.n > 0;
}

static unsigned last_of(const struct results *r, enum protocol protocol)
{
    unsigned last = 0;
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        unsigned place = axis_place(p->axis, p->on_axis);
        if (p->protocol == protocol && place > last)
            last = place;
    }
    return last;
}

static char *start_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX])
{
    char figure[32];
    axis_value_text(axis, at, out);
    if (at >= 1000 && strspn(out, "0123456789") == strlen(out))
        snprintf(out, AXIS_TEXT_MAX, "%s", figure_thousands(at, figure));
    return out;
}

static const char *verb_of(double ratio)
{
    return ratio < 0.95 ? "falls to" : ratio <= 1.05 ? "keeps" : "rises to";
}

enum { NAMED_MAX = 3 };

/* "prefork, thread-pool and 2 more" */
static char *named(char *before, const char *name, size_t count)
{
    char *text = count > NAMED_MAX ? xstrdup(before)
                 : count == 1      ? xstrdup(name)
                                   : text_format("%s, %s", before, name);
    free(before);
    return text;
}

/* Who leaves more than half of the clients without an answer at the end of the sweep, where others
 * answer all; NULL where nobody does. */
static char *starving_at_end(const struct results *r, enum protocol protocol, unsigned end)
{
    char point[AXIS_TEXT_MAX], most[32], of[32], more[32] = "";
    char *names = xstrdup("");
    const struct summary_point *worst = NULL;
    size_t count = 0, fed = 0;
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != protocol || axis_place(p->axis, p->on_axis) != end ||
            p->verdict == VERDICT_INVALID || p->answer[0] || p->at[S_STARVED].n == 0)
            continue;
        fed += p->at[S_STARVED].median == 0;
        if (p->at[S_STARVED].median * 2 <= p->connections)
            continue;
        names = named(names, p->model, ++count);
        if (!worst || p->at[S_STARVED].median > worst->at[S_STARVED].median)
            worst = p;
    }
    char *text = NULL;
    if (count > NAMED_MAX)
        snprintf(more, sizeof more, " and %zu more", count - NAMED_MAX);
    char others[40] = "one other answers all";
    if (fed > 1)
        snprintf(others, sizeof others, "%zu others answer all", fed);
    if (count > 0 && fed > 0)
        text = text_format("At %s %s%s leave%s %s of %s clients without an answer; %s",
                           finding_point(worst->axis, worst->on_axis, point), names, more,
                           count == 1 ? "s" : "",
                           figure_thousands(worst->at[S_STARVED].median, most),
                           figure_thousands(worst->connections, of), others);
    free(names);
    return text;
}

char *finding_change(const struct results *r, enum protocol protocol)
{
    struct change least = {0}, most = {0}, one;
    enum axis axis = r->environment.scenario.axis;
    unsigned start = start_of(r, protocol);
    unsigned end = axis == AXIS_TRANSPORT ? TRANSPORT_UNIX : last_of(r, protocol);
    size_t count = 0;
    if (axis == AXIS_RATE || axis == AXIS_LOAD)
        return NULL;
    char *starving = starving_at_end(r, protocol, end);
    if (starving)
        return starving;
    const char *last = "";
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != protocol || strcmp(p->model, last) == 0)
            continue;
        last = p->model;
        if (!change_of(r, i, start, end, &one))
            continue;
        count++;
        if (!least.to || one.ratio.median < least.ratio.median)
            least = one;
        if (!most.to || one.ratio.median > most.ratio.median)
            most = one;
    }
    if (!least.to)
        return NULL;
    char from[AXIS_TEXT_MAX], to[AXIS_TEXT_MAX], a[64], b[64];
    start_text(axis, least.from->on_axis, from);
    finding_point(axis, least.to->on_axis, to);
    ratio_text(&least.ratio, a);
    ratio_text(&most.ratio, b);
    if (count == 1)
        return text_format("From %s to %s %s %s %s of its requests/s", from, to,
                           least.to->model, verb_of(least.ratio.median), a);
    if (least.ratio.high >= most.ratio.low)
        return text_format(
            "From %s to %s this run does not tell the models apart: from %s to %s "
            "of their requests/s",
            from, to, a, b);
    /* One may be measured a little before the end. */
    char there[AXIS_TEXT_MAX + 8] = "", value[AXIS_TEXT_MAX];
    if (most.to->on_axis != least.to->on_axis)
        snprintf(there, sizeof there, " (at %s)",
                 axis_value_text(axis, most.to->on_axis, value));
    return text_format("From %s to %s %s %s %s of its requests/s; %s%s %s %s", from, to,
                       least.to->model, verb_of(least.ratio.median), a, most.to->model, there,
                       verb_of(most.ratio.median), b);
}

static double at_least(double v, double floor)
{
    return v < floor ? floor : v; /* a NaN is below nothing */
}

/* "12 times as much", where that is a figure. */
static char *times_text(double least, double most, double floor, char out[64])
{
    if (!(least > 0) || least <= floor)
        out[0] = '\0';
    else
        snprintf(out, 64, most / least < 9.95 ? ", %.1f times as much" : ", %.0f times as much",
                 most / least);
    return out;
}

/* On the axis of the load: how much a figure grows from the least load to the most. */
static char *finding_growth(const struct results *r, enum protocol protocol,
                            enum summary_metric m)
{
    double least = INFINITY, most = 0;
    unsigned first = UINT_MAX, last = 0;
    char from[AXIS_TEXT_MAX], to[AXIS_TEXT_MAX];
    const char *slow = "", *fast = "";
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol == protocol && p->on_axis > 0 && sound(p)) {
            first = p->on_axis < first ? p->on_axis : first;
            last = p->on_axis > last ? p->on_axis : last;
        }
    }
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != protocol || p->on_axis != last || !sound(p))
            continue;
        const struct summary_point *start = ratio_point(&r->summary, protocol, p->model, first);
        double times = start && sound(start) ? p->at[m].median / start->at[m].median : NAN;
        slow = times > most ? p->model : slow;
        fast = times < least ? p->model : fast;
        most = fmax(most, times);
        least = fmin(least, times);
    }
    if (first >= last || !(most > 0))
        return NULL;
    axis_value_text(AXIS_LOAD, first, from);
    finding_point(AXIS_LOAD, last, to);
    return text_format(
        "From %s to %s the p99 latency grows by a factor of %.3g (%s) to %.3g (%s)", from, to,
        least, fast, most, slow);
}

char *finding_extremes(const struct results *r, enum protocol protocol,
                       const struct less_is_better *what, unsigned at)
{
    bool grows = r->environment.scenario.axis == AXIS_LOAD && what->metric == S_P99_US;
    char *growth = grows ? finding_growth(r, protocol, what->metric) : NULL;
    if (growth)
        return growth;
    const struct summary_point *least = NULL, *most = NULL;
    char point[AXIS_TEXT_MAX], a[48], b[48], times[64];
    enum summary_metric m = what->metric;
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        bool counts = p->protocol == protocol && p->on_axis == at &&
                      p->verdict != VERDICT_INVALID && !p->answer[0] && p->at[m].n > 0 &&
                      (what->starving || !summary_starves(p));
        if (counts && (!least || p->at[m].median < least->at[m].median))
            least = p;
        if (counts && (!most || p->at[m].median > most->at[m].median))
            most = p;
    }
    finding_point(r->environment.scenario.axis, at, point);
    if (!least)
        return text_format("At %s there is no valid figure", point);
    double low = at_least(least->at[m].median, what->floor);
    double high = at_least(most->at[m].median, what->floor);
    unit_figure(what->unit, low, a);
    unit_figure(what->unit, high, b);
    if (least == most)
        return text_format("At %s %s %s with %s", point, what->what, a, least->model);
    if (at_least(least->at[m].high, what->floor) >= at_least(most->at[m].low, what->floor))
        return text_format("At %s the models cannot be told apart: %s %s to %s", point,
                           what->what, a, b);
    return text_format("At %s %s %s%s with %s and %s with %s%s", point, what->what,
                       low <= what->floor ? "at most " : "", a, least->model, b, most->model,
                       times_text(low, high, what->floor, times));
}
