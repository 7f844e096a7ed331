#include "bench/show/order_text.h"

#include <stdlib.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/record/order.h"
#include "bench/show/html.h"
#include "common/err.h"

static const char *speed(const struct summary_point *p, char out[96])
{
    return p ? figure_spread(&p->at[S_RATE], out) : "not measured";
}

/* Why nothing can be said of a link; "" where something can. */
static void link_excuse(const struct order_link *s, char out[160])
{
    const struct summary_point *points[] = {s->a, s->b};
    out[0] = '\0';
    for (int i = 0; i < 2 && !out[0]; i++) {
        const char *excuse = points[i] ? ratio_excuse(points[i]) : NULL;
        if (excuse)
            snprintf(out, 160, ", %s: %s", points[i]->model, excuse);
    }
}

/* One line a link, without line break. */
static char *link_text(const struct order_link *s)
{
    char a[96], b[96];
    char ratio[160] = "";
    const struct spread *r = &s->pair.at;
    link_excuse(s, ratio);
    if (r->n > 1 && !ratio[0])
        snprintf(ratio, sizeof ratio, ", paired ratio %s%.2f [%.2f–%.2f]%s", s->pair.bound,
                 r->median, r->low, r->high, s->overlap ? ", their intervals overlap" : "");
    return text_format("%s > %s: %s (%s against %s requests/s%s)", s->first, s->second,
                       order_verdict_names[s->verdict], speed(s->a, a), speed(s->b, b), ratio);
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

static void put(FILE *f, bool html, const char *begin, const char *text, const char *end)
{
    fputs(begin, f);
    html ? html_text(f, text) : (void)fputs(text, f);
    fputs(end, f);
}

static void show(FILE *f, const struct order *o, const char *claim, bool html)
{
    const char *begin = html ? "<li>" : "  ";
    const char *end = html ? "</li>\n" : "\n";
    char point[AXIS_TEXT_MAX];
    char *text = text_format("%s, %s: the order %s: %s", protocol_names[o->protocol],
                             axis_point_text(o->axis, o->at, point), claim,
                             order_verdict_names[o->verdict]);
    put(f, html, html ? "<p><b>" : "\n", text, html ? "</b></p>\n<ul>\n" : "\n");
    free(text);
    for (size_t i = 0; i + 1 < o->count; i++) {
        text = link_text(&o->links[i]);
        put(f, html, begin, text, end);
        free(text);
    }
    char *measured = measured_text(o);
    text = text_format("by the medians: %s", measured);
    put(f, html, begin, text, end);
    fputs(html ? "</ul>\n" : "", f);
    free(text);
    free(measured);
}

static void show_all(FILE *f, const struct results *r, bool html)
{
    const char *claim = r->environment.scenario.order;
    const struct summary *s = &r->summary;
    for (size_t i = 0; claim && i < s->count; i++) {
        struct order o;
        size_t k = 0;
        while (k < i &&
               (s->at[k].protocol != s->at[i].protocol || s->at[k].on_axis != s->at[i].on_axis))
            k++;
        if (k < i)
            continue; /* seen at an earlier point */
        order_make(&o, claim, &s->at[i], &r->rows, s);
        if (o.measured_count > 1)
            show(f, &o, claim, html);
        order_free(&o);
    }
}

void orders_print(FILE *f, const struct results *r)
{
    show_all(f, r, false);
}

void orders_html(FILE *f, const struct results *r)
{
    show_all(f, r, true);
}
