#include "bench/check/speed.h"

#include <math.h>
#include <stdio.h>

static void decide(struct speed *s, const struct speed_spec *spec, const struct duel *d)
{
    const char *model = spec->duel->contestants[1].text;
    s->low = exp(d->always.low);
    s->high = exp(d->always.high);
    /* No sequence before some sessions: then nothing is known. */
    if (!isfinite(s->low) || !isfinite(s->high)) {
        s->outcome = SPEED_CANNOT_TELL;
        snprintf(s->text, sizeof s->text,
                 "cannot tell: %zu sessions in the time say nothing; --budget gives more time",
                 d->session_count);
        return;
    }
    s->outcome = s->low >= spec->at_least   ? SPEED_GOOD
                 : s->high < spec->at_least ? SPEED_SLOW
                                            : SPEED_CANNOT_TELL;
    snprintf(s->text, sizeof s->text,
             "%s%.3g %% to %.3g %% of the requests per second of %s; asked for are %.0f %%",
             s->outcome == SPEED_CANNOT_TELL ? "cannot tell: " : "", 100 * s->low,
             100 * s->high, model, 100 * spec->at_least);
}

void speed_judge(struct speed *s, const struct speed_spec *spec)
{
    struct duel d;
    *s = (struct speed){.outcome = SPEED_BROKEN};
    if (duel_run(&d, spec->duel))
        decide(s, spec, &d);
    else if (d.interrupted)
        s->outcome = SPEED_INTERRUPTED;
    else
        snprintf(s->text, sizeof s->text, "%s", d.reason);
    duel_free(&d);
}
