#include "bench/record/rate.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/stats.h"
#include "common/err.h"

static bool has_rate(const struct trial_row *row)
{
    return !row->counting && row->ok && row->verdict != VERDICT_INVALID;
}

static bool of_point(const struct trial_row *row, enum protocol protocol, unsigned at)
{
    return row->protocol == protocol && (row->at == at || !axis_is_of_yardstick(row->axis));
}

/* The median of the yardstick in the trials of one point, `one` of them; of all trials: NULL. */
static double median(const struct trial_rows *rows, const struct trial_row *one)
{
    double *values = xcalloc(rows->count, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct trial_row *row = &rows->at[i];
        if (has_rate(row) && (!one || of_point(row, one->protocol, one->at)))
            values[n++] = row->value[M_YARDSTICK_RPS];
    }
    double middle = stats_spread(values, n).median;
    free(values);
    return middle;
}

static bool has_point(const struct rate_basis *basis, const struct trial_row *row)
{
    for (size_t i = 0; i < basis->count; i++)
        if (of_point(row, basis->points[i].protocol, basis->points[i].at))
            return true;
    return false;
}

struct rate_basis rate_basis_plain(void)
{
    return (struct rate_basis){.at = NAN};
}

struct rate_basis rate_basis_of(const struct trial_rows *rows)
{
    struct rate_basis basis = rate_basis_plain();
    size_t rates = 0;
    size_t held = 0;
    for (size_t i = 0; i < rows->count; i++) {
        rates += has_rate(&rows->at[i]);
        held += has_rate(&rows->at[i]) && rows->at[i].value[M_YARDSTICK_RPS] > 0;
    }
    basis.yardstick = held * 2 > rates;
    if (!basis.yardstick)
        return basis;
    basis.at = median(rows, NULL);
    for (size_t i = 0; i < rows->count && basis.count < RATE_POINTS_MAX; i++) {
        const struct trial_row *row = &rows->at[i];
        if (!has_rate(row) || has_point(&basis, row))
            continue;
        basis.points[basis.count].protocol = row->protocol;
        basis.points[basis.count].at = row->at;
        basis.points[basis.count++].median = median(rows, row);
        basis.one_load = !axis_is_of_yardstick(row->axis);
    }
    return basis;
}

double rate_basis_at(const struct rate_basis *basis, enum protocol protocol, unsigned at)
{
    for (size_t i = 0; i < basis->count; i++)
        if (basis->points[i].protocol == protocol &&
            (basis->one_load || basis->points[i].at == at))
            return basis->points[i].median;
    return basis->at;
}

double rate_of(const struct trial_row *row, const struct rate_basis *basis)
{
    if (!basis->yardstick)
        return row->value[M_RPS];
    return row->value[M_RPS] / row->value[M_YARDSTICK_RPS] *
           rate_basis_at(basis, row->protocol, row->at);
}
