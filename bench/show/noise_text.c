#include "bench/show/noise_text.h"

#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/record/noise_floor.h"

char *noise_text(const struct results *r)
{
    struct noise_floor f = noise_floor_of(&r->rows);
    if (f.trials == 0)
        return NULL;
    char *pairs =
        f.pairs > 0
            ? text_format(" The rule of the ranking tells %zu of %zu pairs of equal servers "
                          "apart (%.1f %%).",
                          f.flagged, f.pairs, 100 * (double)f.flagged / (double)f.pairs)
            : text_format("%s", "");
    char *text = text_format(
        "noise: the yardstick against itself is off by %.1f %% in half of %zu trials, and by no "
        "more than %.1f %% in 95 of 100.%s The yardstick jumped beside %zu of %zu windows.",
        100 * f.typical, f.trials, 100 * f.most, pairs, f.jumped, f.windows);
    free(pairs);
    return text;
}
