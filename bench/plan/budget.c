#include "bench/plan/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"

enum { REPETITIONS_ENOUGH = 3, POINTS_ENOUGH = 3 };

/* Starting and stopping a server and a load generator, and one connection. */
static const uint64_t trial_ns = 100 * NS_PER_MS;
static const uint64_t connection_ns = 40 * NS_PER_US;
/* A window of the yardstick with its lead, and what it has more for a connection. */
static const uint64_t window_ns = 20 * NS_PER_MS;
static const uint64_t window_of_connection_ns = 15 * NS_PER_US;
/* Unit costs before and after, the generator's ceiling, the pictures. */
static const uint64_t around_ns = 16 * NS_PER_S;

static uint64_t trial_estimate_ns(const struct scenario *s, const struct plan_trial *t,
                                  bool yardstick)
{
    uint64_t open = axis_open_connections(t->axis, t->connections, t->at);
    uint64_t ns = trial_ns + open * connection_ns + s->warmup_ns;
    if (t->counting)
        return ns + 100 * NS_PER_MS + t->connections * 500 * NS_PER_US;
    if (yardstick)
        ns += (s->windows + 1) * (window_ns + t->connections * window_of_connection_ns);
    return ns + s->duration_ns;
}

uint64_t budget_trials_ns(const struct scenario *s, const struct plan *p, bool yardstick)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < p->count; i++)
        ns += trial_estimate_ns(s, &p->trials[i], yardstick);
    return ns;
}

uint64_t budget_estimate_ns(const struct scenario *s, const struct plan *p, bool yardstick)
{
    return around_ns + budget_trials_ns(s, p, yardstick);
}

static struct point_list *points_of_sweep(struct scenario *s)
{
    return s->axis == AXIS_CONNECTIONS ? &s->connections : &s->at;
}

static struct point_list *points_of_model(const struct scenario *s, struct model_override *o)
{
    return s->axis == AXIS_CONNECTIONS ? &o->connections : &o->at;
}

static bool has(const struct point_list *list, unsigned at)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == at)
            return true;
    return false;
}

static void drop(struct point_list *list, const struct point_list *dropped)
{
    struct point_list kept = {.count = 0};
    for (size_t i = 0; i < list->count; i++)
        if (!has(dropped, list->at[i]))
            kept.at[kept.count++] = list->at[i];
    if (kept.count > 0)
        *list = kept;
}

/* Whether an expectation is about the point: without it that cannot be judged. */
static bool is_expected(const struct scenario *s, unsigned at)
{
    bool found = false;
    for (size_t i = 0; i < s->expectations.count && !found; i++) {
        const struct expectation *e = &s->expectations.at[i];
        found = e->axis &&
                (e->at == at || (e->form == EXPECT_RATIO_OF_POINTS && e->against_at == at));
    }
    return found;
}

/* Every second point, of all or of those that no expectation names. A load cannot do without its
 * peak, which is the first point. */
static bool thin(struct scenario *s, bool all)
{
    struct point_list *points = points_of_sweep(s);
    struct point_list dropped = {.count = 0};
    size_t inner = 0;
    for (size_t i = 1; i + 1 < points->count && points->count > POINTS_ENOUGH; i++)
        if (points->at[i] != s->rank && (all || !is_expected(s, points->at[i])) &&
            inner++ % 2 == 0)
            dropped.at[dropped.count++] = points->at[i];
    drop(points, &dropped);
    for (size_t i = 0; i < s->override_count; i++)
        drop(points_of_model(s, &s->overrides[i]), &dropped);
    return dropped.count > 0;
}

bool budget_reduce(struct scenario *s)
{
    if (s->repetitions > REPETITIONS_ENOUGH) {
        s->repetitions--;
        return true;
    }
    if (thin(s, false))
        return true;
    if (s->repetitions > 1) {
        s->repetitions--;
        return true;
    }
    return thin(s, true);
}

static void put_points(FILE *f, const struct scenario *s, const struct point_list *points)
{
    fputs(s->axis == AXIS_CONNECTIONS ? "connections =" : "at =", f);
    for (size_t i = 0; i < points->count; i++)
        fprintf(f, "%s %u", i > 0 ? "," : "", points->at[i]);
    fputc('\n', f);
}

/* Whether `line` sets `key`. */
static bool sets(const char *line, const char *key)
{
    size_t n = strlen(key);
    line += strspn(line, " \t");
    return strncmp(line, key, n) == 0 && line[n + strspn(line + n, " \t")] == '=';
}

/* The model in whose section a line stands, or NULL. */
static struct model_override *model_of(struct scenario *s, const char *section)
{
    static const char model[] = "[model:";
    const char *name = section + sizeof model - 1;
    for (size_t i = 0; strncmp(section, model, sizeof model - 1) == 0 && i < s->override_count;
         i++)
        if (strncmp(s->overrides[i].model, name, strcspn(name, "]")) == 0 &&
            s->overrides[i].model[strcspn(name, "]")] == '\0')
            return &s->overrides[i];
    return NULL;
}

static void put_line(FILE *f, struct scenario *s, const char *section, const char *line)
{
    bool sweep = strncmp(section, "[sweep]", 7) == 0;
    struct model_override *o = model_of(s, section);
    bool points = sets(line, s->axis == AXIS_CONNECTIONS ? "connections" : "at");
    if (sweep && points)
        put_points(f, s, points_of_sweep(s));
    else if (o && points)
        put_points(f, s, points_of_model(s, o));
    else if (!sweep || !sets(line, "repetitions"))
        fprintf(f, "%s\n", line);
    if (line == section && sweep)
        fprintf(f, "repetitions = %u\n", s->repetitions);
}

void budget_rewrite(struct scenario *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    char *rest = s->text;
    const char *section = "";
    char *line;
    if (!f)
        die_errno("cannot write a scenario");
    while ((line = strsep(&rest, "\n"))) {
        if (line[0] == '[')
            section = line;
        if (line[0] || rest)
            put_line(f, s, section, line);
    }
    if (!text_close(f))
        die_errno("cannot write a scenario");
    free(s->text);
    s->text = text;
}

char *budget_left_out(const struct scenario *before, const struct scenario *now)
{
    char value[AXIS_TEXT_MAX];
    const struct point_list *all = scenario_points(before, "");
    const struct point_list *kept = scenario_points(now, "");
    char *text = before->repetitions == now->repetitions
                     ? xstrdup("")
                     : text_format("%u of %u repetitions",
                                   before->repetitions - now->repetitions, before->repetitions);
    for (size_t i = 0, n = 0; i < all->count; i++) {
        if (has(kept, all->at[i]))
            continue;
        char *longer = text_format("%s%s%s", text,
                                   n++ > 0   ? ", "
                                   : text[0] ? "; points "
                                             : "points ",
                                   axis_value_text(before->axis, all->at[i], value));
        free(text);
        text = longer;
    }
    return text;
}
