#include "bench/show/duel_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "bench/show/workshop.h"

/* A line a session: its number, what it says; then a line a pair: session, ratio. */
static void put_pairs(FILE *f, const struct duel *d)
{
    enum duel_metric metric = d->spec->metric;
    fputs("kind\tsession\tratio\n", f);
    size_t pair = 0;
    for (size_t s = 0; s < d->session_count; s++) {
        fprintf(f, "session\t%zu\t%.9g\n", s + 1, duel_ratio(metric, d->values[s]));
        for (size_t i = 0; i < d->sizes[s]; i++, pair++) {
            double a = d->cost[0][pair], b = d->cost[1][pair];
            fprintf(f, "pair\t%.4f\t%.9g\n",
                    (double)s + 0.75 + 0.5 * ((double)i + 0.5) / (double)d->sizes[s],
                    metric == DUEL_RATE ? b / a : a / b);
        }
    }
}

/* As gnuplot reads it, which does not know "nan". */
static char *number(double value)
{
    return isnan(value) ? text_format("NaN") : text_format("%.9g", value);
}

static char *settings(const struct duel *d)
{
    const struct duel_spec *s = d->spec;
    char *texts[] = {gnuplot_string(s->contestants[0].text),
                     gnuplot_string(s->contestants[1].text),
                     number(duel_ratio(s->metric, d->interval.low)),
                     number(duel_ratio(s->metric, d->interval.high)),
                     number(duel_ratio(s->metric, d->look.middle))};
    char *set = text_format("protocol='%s'; a=%s; b=%s; what='%s'; point=%u; low=%s; high=%s; "
                            "middle=%s; margin=%.9g; sessions=%zu",
                            protocol_names[s->protocol], texts[0], texts[1],
                            duel_metric_texts[s->metric], s->connections, texts[2], texts[3],
                            texts[4], s->margin, d->session_count);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    return set;
}

bool duel_draw(const struct duel *d, const char *scripts, const char *svg, char *error,
               size_t error_size)
{
    struct workshop w;
    if (!workshop_open(&w, "duel", error, error_size))
        return false;
    put_pairs(w.f, d);
    char *set = settings(d);
    bool good = workshop_draw(&w, scripts, set, svg, error, error_size);
    free(set);
    return good;
}
