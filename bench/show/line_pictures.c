#include "bench/show/line_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/conditions.h"
#include "bench/show/finding.h"
#include "common/err.h"

enum { SWEEP_MAX = 64 };

static const struct line_kind {
    const char *name;
    const char *y_title;
    const char *column; /* of summary.csv */
    struct less_is_better figure;
    bool log;
    unsigned fewest; /* drawn from this value of the sweep on, where there are such points */
    bool at_end;     /* the finding is of the end of the sweep, not of the ranking's point */
} kinds[] = {
    {"throughput",
     "requests per second",
     "rate",
     {S_RATE, UNIT_RATE, "", NAN, true},
     false,
     0,
     false},
    {"latency_p50",
     "median latency",
     "p50_us",
     {S_P50_US, UNIT_TIME, "the median latency is", NAN, false},
     true,
     0,
     false},
    {"latency_p99",
     "p99 latency",
     "p99_us",
     {S_P99_US, UNIT_TIME, "the p99 latency is", NAN, false},
     true,
     0,
     false},
    {"cpu_per_request",
     "server CPU per request",
     "cpu_us_per_request",
     {S_CPU_PER_REQUEST, UNIT_TIME, "a request costs the server", NAN, true},
     false,
     0,
     false},
    /* A page more or less says nothing about one connection, and noise has either sign. */
    {"memory_per_connection",
     "user memory per connection (PSS)",
     "pss_kib_per_connection",
     {S_PSS_PER_CONNECTION, UNIT_KIB, "a connection takes", 0.1, true},
     true,
     16,
     true},
};

struct making {
    const struct line_kind *kind;
    const struct results *r;
    enum protocol protocol;
    bool (*drawn)(const struct results *r, const char *model);
    unsigned from; /* the first value that is drawn */
    unsigned at[SWEEP_MAX];
    double x[SWEEP_MAX];
    size_t count;
    bool limited, crossed; /* any such point is drawn */
};

static bool mine(const struct making *m, const struct summary_point *p)
{
    return p->protocol == m->protocol && p->on_axis >= m->from &&
           (!m->drawn || m->drawn(m->r, p->model));
}

static double figure_of(const struct making *m, double value)
{
    double floor = m->kind->figure.floor;
    return value < floor ? floor : value;
}

static enum point_state state_of(const struct making *m, const struct summary_point *p)
{
    double value = p->at[m->kind->figure.metric].median;
    bool starves = summary_starves(p);
    if (isnan(value) || (starves && !m->kind->figure.starving) ||
        (m->kind->log && !(figure_of(m, value) > 0)))
        return POINT_NONE;
    return starves                                   ? POINT_STARVES
           : p->verdict == VERDICT_GENERATOR_LIMITED ? POINT_LIMITED
                                                     : POINT_VALID;
}

static void find_sweep(struct making *m, struct tics *t)
{
    for (size_t i = 0; i < m->r->summary.count; i++) {
        const struct summary_point *p = &m->r->summary.at[i];
        size_t k = 0;
        while (k < m->count && m->at[k] != p->on_axis)
            k++;
        if (mine(m, p) && k == m->count && k < SWEEP_MAX)
            m->at[m->count++] = p->on_axis;
    }
    axis_sort(m->r->environment.scenario.axis, m->at, m->count);
    tics_sweep(t, m->r->environment.scenario.axis, m->at, m->count, m->x);
}

static void add_point(struct making *m, struct panels *panels, const struct summary_point *p)
{
    const struct spread *s = &p->at[m->kind->figure.metric];
    size_t k = 0;
    while (k < m->count && m->at[k] != p->on_axis)
        k++;
    if (k == m->count)
        return;
    struct panel_point point = {.at = p->on_axis,
                                .x = m->x[k],
                                .value = figure_of(m, s->median),
                                .low = s->n > 1 ? figure_of(m, s->low) : NAN,
                                .high = s->n > 1 ? figure_of(m, s->high) : NAN,
                                .state = state_of(m, p)};
    m->limited |= point.state == POINT_LIMITED;
    m->crossed |= point.state == POINT_STARVES;
    panels_point(panels, point);
}

static void find_scale(const struct making *m, const struct panels *panels, struct tics *t)
{
    double least = INFINITY;
    double most = 0;
    for (size_t i = 0; i < panels->count; i++) {
        for (size_t k = 0; k < panels->lines[i].count; k++) {
            const struct panel_point *p = &panels->lines[i].points[k];
            if (p->state == POINT_NONE)
                continue;
            least = fmin(least, fmin(p->value, p->low > 0 ? p->low : INFINITY));
            most = fmax(most, fmax(p->value, p->high));
        }
    }
    /* On a scale from zero a thirtieth of the highest figure looks like nothing. */
    bool wide = least > 0 && isfinite(least) && most > 30 * least;
    if (m->kind->log || wide)
        tics_log(t, isfinite(least) ? least : 1, most > 0 ? most : 10, m->kind->figure.unit);
    else
        tics_linear(t, most, m->kind->figure.unit);
}

char *note_join(char *note, char *text)
{
    char *all = text_format("%s%s%s", note, note[0] && text[0] ? "; " : "", text);
    free(note);
    free(text);
    return all;
}

/* Names of the models for which there is no line: all that were measured are drawn or named. */
static char *missing(const struct panels *p, const char *why)
{
    char *names = xstrdup("");
    for (size_t i = 0; i < p->count; i++) {
        if (p->lines[i].panel > 0)
            continue;
        char *longer = text_format("%s%s%s", names[0] ? names : why, names[0] ? ", " : " ",
                                   p->lines[i].name);
        free(names);
        names = longer;
    }
    return names;
}

static char *starving(const struct making *m)
{
    char *names = xstrdup("");
    const char *last = "";
    for (size_t i = 0; i < m->r->summary.count; i++) {
        const struct summary_point *p = &m->r->summary.at[i];
        if (!mine(m, p) || m->kind->figure.starving || !summary_starves(p) ||
            strcmp(p->model, last) == 0)
            continue;
        last = p->model;
        char *longer = text_format(
            "%s%s%s", names[0] ? names : "starves: not drawn:", names[0] ? ", " : " ", last);
        free(names);
        names = longer;
    }
    return names;
}

static char *note_of(const struct making *m, const struct panels *panels)
{
    char *note = xstrdup(panels->panel_count > 1 ? "grey: all other models" : "");
    note = note_join(note, xstrdup(m->limited ? "hollow: generator-limited, or more" : ""));
    note = note_join(note, xstrdup(m->crossed ? "cross: starves connections" : ""));
    note = note_join(note, starving(m));
    note = note_join(note, missing(panels, "no valid point:"));
    return note_join(note, xstrdup(m->drawn ? "servers of others: see the comparison" : ""));
}

/* Each model's figure at one point. */
static char *figures_of(const struct making *m, unsigned at)
{
    char point[AXIS_TEXT_MAX];
    char *all = text_format("%s at %s:", m->kind->y_title,
                            finding_point(m->r->environment.scenario.axis, at, point));
    bool any = false;
    for (size_t i = 0; i < m->r->summary.count; i++) {
        const struct summary_point *p = &m->r->summary.at[i];
        char figure[48];
        if (!mine(m, p) || p->on_axis != at || state_of(m, p) == POINT_NONE)
            continue;
        double value = figure_of(m, p->at[m->kind->figure.metric].median);
        char *longer = text_format("%s%s %s %s", all, any ? "," : "", p->model,
                                   unit_figure(m->kind->figure.unit, value, figure));
        free(all);
        all = longer;
        any = true;
    }
    return note_join(all, xstrdup("a panel a family of models, its lines in colour, all others "
                                  "grey behind."));
}

static char *finding_of(const struct making *m, unsigned at)
{
    if (m->kind->figure.metric != S_RATE)
        return finding_extremes(m->r, m->protocol, &m->kind->figure, at);
    char *change = finding_change(m->r, m->protocol);
    if (change)
        return change;
    struct ranking ranking;
    ranking_make(&ranking, m->r, m->protocol);
    char *rank = finding_rank(m->r, &ranking);
    ranking_free(&ranking);
    return rank;
}

static void make(struct making *m, struct caption *caption, struct panels *panels)
{
    unsigned rank = m->r->environment.scenario.rank;
    const char *last = "";
    *panels = (struct panels){.x_title = axis_info(m->r->environment.scenario.axis)->title,
                              .y_title = m->kind->y_title,
                              .at_name = axis_info(m->r->environment.scenario.axis)->name,
                              .value_name = m->kind->column};
    find_sweep(m, &panels->x);
    for (size_t i = 0; i < m->r->summary.count; i++) {
        const struct summary_point *p = &m->r->summary.at[i];
        if (!mine(m, p))
            continue;
        if (strcmp(p->model, last) != 0)
            panels_line(panels, p->model);
        last = p->model;
        add_point(m, panels, p);
    }
    find_scale(m, panels, &panels->y);
    panels_arrange(panels);
    bool at_end = m->kind->at_end || m->r->environment.scenario.axis == AXIS_IDLE;
    unsigned at = at_end && m->count > 0 ? m->at[m->count - 1] : rank;
    *caption = (struct caption){.finding = finding_of(m, at),
                                .conditions = conditions_text(m->r, m->protocol, true),
                                .note = note_of(m, panels),
                                .figures = figures_of(m, at)};
}

/* Whether any point lies there, so that the few below need not be drawn. */
static bool has_from(const struct results *r, enum protocol protocol, unsigned fewest)
{
    if (r->environment.scenario.axis != AXIS_CONNECTIONS)
        return false;
    for (size_t i = 0; i < r->summary.count; i++)
        if (r->summary.at[i].protocol == protocol && r->summary.at[i].on_axis >= fewest)
            return true;
    return false;
}

bool line_picture(const char *name, const struct results *r, enum protocol protocol,
                  bool (*drawn)(const struct results *r, const char *model),
                  struct caption *caption, struct panels *panels)
{
    size_t n = sizeof kinds / sizeof kinds[0];
    size_t i = 0;
    while (i < n && strcmp(kinds[i].name, name) != 0)
        i++;
    if (i == n)
        return false;
    struct making m = {.kind = &kinds[i], .r = r, .protocol = protocol, .drawn = drawn};
    m.from = has_from(r, protocol, kinds[i].fewest) ? kinds[i].fewest : 0;
    make(&m, caption, panels);
    return true;
}
