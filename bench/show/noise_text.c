#include "bench/show/noise_text.h"

#include <stdlib.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/record/noise_floor.h"

char *noise_text(const struct results *r)
{
    struct noise_floor f = noise_floor_of(&r->rows);
    if (f.trials == 0)
        return NULL;
    char *pairs =
        f.pairs > 0
            ? text_format(
                  " Of %zu pairs of equal servers the intervals of %zu do not overlap "
                  "(%.1f %%). So the ranking tells two servers apart where a gap of more "
                  "than %.1f %% is between their intervals.",
                  f.pairs, f.flagged, 100 * (double)f.flagged / (double)f.pairs,
                  100 * (f.apart - 1))
            : text_format("%s", "");
    char *text = text_format(
        "noise: the yardstick against itself is off by %.1f %% in half of %zu trials, and by no "
        "more than %.1f %% in 95 of 100.%s The yardstick jumped beside %zu of %zu windows.",
        100 * f.typical, f.trials, 100 * f.most, pairs, f.jumped, f.windows);
    free(pairs);
    return text;
}

enum { NAMED_MAX = 6 };

/* "http poll 64, echo select 1 and 3 more" */
static char *name_plain(const struct summary *s, size_t *count)
{
    char *names = text_format("%s", "");
    *count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        if (!p->plain || p->verdict == VERDICT_INVALID || (*count)++ >= NAMED_MAX)
            continue;
        char value[AXIS_TEXT_MAX];
        char *more = text_format("%s%s%s %s %s", names, names[0] ? ", " : "",
                                 protocol_names[p->protocol], p->model,
                                 axis_value_text(p->axis, p->on_axis, value));
        free(names);
        names = more;
    }
    if (*count <= NAMED_MAX)
        return names;
    char *all = text_format("%s and %zu more", names, *count - NAMED_MAX);
    free(names);
    return all;
}

char *plain_rates_text(const struct results *r)
{
    size_t count;
    const char *yardstick = json_text(r->environment.json, "yardstick", "");
    if (yardstick[0] == '\0')
        return NULL;
    char *names = name_plain(&r->summary, &count);
    char *text = NULL;
    if (count > 0 && !rate_basis_of(&r->rows).yardstick)
        text = text_format("rates: no more than half of the trials could be held against the "
                           "yardstick, %s, so all rates are plain requests/s.",
                           yardstick);
    else if (count > 0)
        text = text_format("rates: %zu point%s could not be held against the yardstick, %s, so "
                           "the rate there is plain requests/s: %s.",
                           count, text_s((double)count), yardstick, names);
    free(names);
    return text;
}
