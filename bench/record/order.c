#include "bench/record/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "bench/show/table.h"
#include "common/err.h"

static const char *const verdict_names[] = {[ORDER_HOLDS] = "holds",
                                            [ORDER_REFUTED] = "does not hold",
                                            [ORDER_OPEN] = "not decided",
                                            [ORDER_UNKNOWN] = "not known"};

const char *order_verdict_name(enum order_verdict v)
{
    return verdict_names[v];
}

static enum order_verdict judge_step(const struct order_step *s)
{
    if (!s->a || !s->b || ratio_excuse(s->a) || ratio_excuse(s->b))
        return ORDER_UNKNOWN;
    switch (s->pair.finding) {
    case RATIO_ABOVE:
        return ORDER_HOLDS;
    case RATIO_BELOW:
        return ORDER_REFUTED;
    case RATIO_OPEN:
        return ORDER_OPEN;
    default:
        return s->pair.at.n > 0 ? ORDER_OPEN : ORDER_UNKNOWN;
    }
}

static enum order_verdict judge_all(const struct order *o)
{
    bool seen[4] = {false};
    for (size_t i = 0; i + 1 < o->count; i++)
        seen[o->steps[i].verdict] = true;
    /* One wrong step refutes the whole, whatever the others are. */
    return seen[ORDER_REFUTED]   ? ORDER_REFUTED
           : seen[ORDER_UNKNOWN] ? ORDER_UNKNOWN
           : seen[ORDER_OPEN]    ? ORDER_OPEN
                                 : ORDER_HOLDS;
}

static int by_speed(const void *a, const void *b)
{
    double x = (*(const struct summary_point *const *)a)->at[S_RPS].median;
    double y = (*(const struct summary_point *const *)b)->at[S_RPS].median;
    return (x < y) - (x > y);
}

static void make_step(struct order *o, size_t i, const struct trial_rows *rows,
                      const struct summary *s)
{
    struct order_step *step = &o->steps[i];
    *step = (struct order_step){.first = o->names[i], .second = o->names[i + 1]};
    step->a = ratio_point(s, o->protocol, step->first, o->connections);
    step->b = ratio_point(s, o->protocol, step->second, o->connections);
    if (step->a && step->b) {
        const struct spread *x = &step->a->at[S_RPS];
        const struct spread *y = &step->b->at[S_RPS];
        step->pair = ratio_of(rows, step->a, step->b);
        step->overlap = x->low <= y->high && y->low <= x->high;
    }
    step->verdict = judge_step(step);
}

void order_make(struct order *o, const char *claim, const char *protocol, unsigned connections,
                const struct trial_rows *rows, const struct summary *s)
{
    *o = (struct order){
        .text = xstrdup(claim), .protocol = protocol, .connections = connections};
    char *rest = o->text;
    char *item;
    while (o->count < ORDER_MAX && (item = strsep(&rest, ">"))) {
        o->names[o->count++] = text_trim(item);
        const struct summary_point *p =
            ratio_point(s, protocol, o->names[o->count - 1], connections);
        if (p && !ratio_excuse(p))
            o->measured[o->measured_count++] = p;
    }
    if (o->measured_count > 0)
        qsort(o->measured, o->measured_count, sizeof o->measured[0], by_speed);
    for (size_t i = 0; i + 1 < o->count; i++)
        make_step(o, i, rows, s);
    o->verdict = judge_all(o);
}

void order_free(struct order *o)
{
    free(o->text);
    *o = (struct order){0};
}

/* "12,345 [12,000–12,400]" */
static const char *speed(const struct summary_point *p, char out[96])
{
    char a[32], b[32], c[32];
    if (!p)
        return "not measured";
    const struct spread *s = &p->at[S_RPS];
    if (s->n > 1)
        snprintf(out, 96, "%s [%s–%s]", table_thousands(s->median, a),
                 table_thousands(s->low, b), table_thousands(s->high, c));
    else
        snprintf(out, 96, "%s", table_thousands(s->median, a));
    return out;
}

/* Why nothing can be said of a step; "" where something can. */
static void step_excuse(const struct order_step *s, char out[160])
{
    const struct summary_point *points[] = {s->a, s->b};
    out[0] = '\0';
    for (int i = 0; i < 2 && !out[0]; i++) {
        const char *excuse = points[i] ? ratio_excuse(points[i]) : NULL;
        if (excuse)
            snprintf(out, 160, ", %s: %s", points[i]->model, excuse);
    }
}

/* One line a step, without line break. */
static char *step_text(const struct order_step *s)
{
    char a[96], b[96];
    char ratio[160] = "";
    const struct spread *r = &s->pair.at;
    step_excuse(s, ratio);
    if (r->n > 1 && !ratio[0])
        snprintf(ratio, sizeof ratio, ", paired ratio %s%.2f [%.2f–%.2f]%s", s->pair.bound,
                 r->median, r->low, r->high, s->overlap ? ", their intervals overlap" : "");
    return text_format("%s > %s: %s (%s against %s requests/s%s)", s->first, s->second,
                       verdict_names[s->verdict], speed(s->a, a), speed(s->b, b), ratio);
}

static char *measured_text(const struct order *o)
{
    char *text = xstrdup("");
    for (size_t i = 0; i < o->measured_count; i++) {
        char *longer = text_format("%s%s%s", text, i > 0 ? " > " : "", o->measured[i]->model);
        free(text);
        text = longer;
    }
    return text;
}

static void show(FILE *f, const struct order *o, const char *claim, bool html)
{
    char *measured = measured_text(o);
    fprintf(f, html ? "<p><b>%s, %u connection%s: " : "\n%s, %u connection%s: ", o->protocol,
            o->connections, text_s(o->connections));
    char *line = text_format("the order %s: %s", claim, verdict_names[o->verdict]);
    html ? html_text(f, line) : (void)fputs(line, f);
    free(line);
    fputs(html ? "</b></p>\n<ul>\n" : "\n", f);
    for (size_t i = 0; i + 1 < o->count; i++) {
        line = step_text(&o->steps[i]);
        fputs(html ? "<li>" : "  ", f);
        html ? html_text(f, line) : (void)fputs(line, f);
        fputs(html ? "</li>\n" : "\n", f);
        free(line);
    }
    fputs(html ? "<li>by the medians: " : "  by the medians: ", f);
    html ? html_text(f, measured) : (void)fputs(measured, f);
    fputs(html ? "</li>\n</ul>\n" : "\n", f);
    free(measured);
}

static void show_all(FILE *f, const char *claim, const struct trial_rows *rows,
                     const struct summary *s, bool html)
{
    for (size_t i = 0; claim && i < s->count; i++) {
        struct order o;
        size_t k = 0;
        while (k < i && (strcmp(s->at[k].protocol, s->at[i].protocol) != 0 ||
                         s->at[k].connections != s->at[i].connections))
            k++;
        if (k < i)
            continue; /* seen at an earlier point */
        order_make(&o, claim, s->at[i].protocol, s->at[i].connections, rows, s);
        if (o.measured_count > 1)
            show(f, &o, claim, html);
        order_free(&o);
    }
}

void orders_print(FILE *f, const char *claim, const struct trial_rows *rows,
                  const struct summary *s)
{
    show_all(f, claim, rows, s, false);
}

void orders_html(FILE *f, const char *claim, const struct trial_rows *rows,
                 const struct summary *s)
{
    show_all(f, claim, rows, s, true);
}
