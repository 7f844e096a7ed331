#include "bench/record/rate.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/stats.h"
#include "common/err.h"

const char rate_yardstick_column[] = "yardstick_rps";

struct rate_basis rate_basis_of(const struct trial_rows *rows)
{
    struct rate_basis basis = {.yardstick = true, .at = NAN};
    double *values = xcalloc(rows->count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < rows->count && basis.yardstick; i++) {
        const struct trial_row *row = &rows->at[i];
        if (row->counting || !row->ok || row->verdict == VERDICT_INVALID)
            continue;
        values[n++] = row_figure(row, rate_yardstick_column);
        basis.yardstick = values[n - 1] > 0;
    }
    basis.yardstick = basis.yardstick && n > 0;
    if (basis.yardstick)
        basis.at = stats_spread(values, n).median;
    free(values);
    return basis;
}

double rate_of(const struct trial_row *row, const struct rate_basis *basis)
{
    if (!basis->yardstick)
        return row->value[M_RPS];
    return row->value[M_RPS] / row_figure(row, rate_yardstick_column) * basis->at;
}
