#include "bench/show/duel_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"

static char *verdict_text(const struct duel *d)
{
    const struct duel_spec *s = d->spec;
    double within = expm1(s->margin) * 100;
    const char *less = s->metric == DUEL_RATE ? "is faster" : "has less";
    enum duel_verdict v = d->look.verdict;
    if (v == DUEL_SAME)
        return text_format("the same within %g %%", within);
    if (v == DUEL_OPEN)
        return text_format("cannot tell");
    const struct interval *i = &d->always;
    return text_format("%c %s%s", v == DUEL_A_FASTER ? 'A' : 'B', less,
                       interval_within(i, s->margin) ? ", by less than the margin" : "");
}

/* " [0.9981-1.0022]"; one session alone has no interval. */
static char *interval_text(const struct duel *d)
{
    double ends[] = {duel_ratio(d->spec->metric, d->interval.low),
                     duel_ratio(d->spec->metric, d->interval.high)};
    if (isnan(ends[0]) || isnan(ends[1]))
        return text_format(" [n/a]");
    return text_format(" [%.4f-%.4f]", fmin(ends[0], ends[1]), fmax(ends[0], ends[1]));
}

char *duel_line(const struct duel *d)
{
    const struct duel_spec *s = d->spec;
    char *verdict = verdict_text(d);
    char *interval = interval_text(d);
    char *taken =
        isnan(d->stolen_s) || isnan(d->other_s)
            ? text_format("others not told")
            : text_format("stolen %.2f s, others %.2f s of CPU", d->stolen_s, d->other_s);
    char *line =
        text_format("%s / %s at %s,%u, %s: %.4f%s: %s (%zu pairs in %zu session%s, %.1f s; %s)",
                    s->contestants[0].text, s->contestants[1].text, protocol_names[s->protocol],
                    s->connections, duel_metric_texts[s->metric],
                    duel_ratio(s->metric, d->look.middle), interval, verdict, d->pair_count,
                    d->session_count, text_s((double)d->session_count), d->seconds, taken);
    free(taken);
    free(interval);
    free(verdict);
    return line;
}

char *duel_sum(const unsigned verdicts[DUEL_VERDICTS], bool equal)
{
    unsigned told = verdicts[DUEL_A_FASTER] + verdicts[DUEL_B_FASTER];
    unsigned all = told + verdicts[DUEL_SAME] + verdicts[DUEL_OPEN];
    return text_format("%u duels: A faster %u, B faster %u, the same %u, cannot tell %u; "
                       "a difference in %.1f %%%s",
                       all, verdicts[DUEL_A_FASTER], verdicts[DUEL_B_FASTER],
                       verdicts[DUEL_SAME], verdicts[DUEL_OPEN], 100.0 * told / all,
                       equal ? ", each a false alarm: A and B are the same" : "");
}
