#include "judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double server_saturated = 0.95;

static double at_least_zero(double value)
{
    return isnan(value) ? 0 : value;
}

static bool holds_all(const struct model *m, unsigned connections)
{
    return m->concurrency == 0 || m->concurrency >= connections;
}

static bool invalid(struct trial_row *row, const struct model *model)
{
    const double *v = row->value;
    double lost =
        at_least_zero(v[M_RESET]) + at_least_zero(v[M_REFUSED]) + at_least_zero(v[M_EOF]);
    char *why = row->reason;
    size_t size = sizeof row->reason;

    if (v[M_CORRUPT] > 0)
        snprintf(why, size, "%.0f wrong answers", v[M_CORRUPT]);
    else if (v[M_NON_2XX] > 0)
        snprintf(why, size, "%.0f answers with a status other than 2xx", v[M_NON_2XX]);
    else if (!(v[M_REQUESTS] > 0))
        snprintf(why, size, "no request was answered");
    else if (!holds_all(model, row->connections))
        return false; /* what waits is a figure of its own: the column `starved` */
    else if (v[M_CONNECTED] < row->connections)
        snprintf(why, size, "%.0f of %u connections came about", v[M_CONNECTED],
                 row->connections);
    else if (lost * 1000 > v[M_REQUESTS])
        snprintf(why, size, "%.0f requests lost: %.0f resets, %.0f refused, %.0f early ends",
                 lost, at_least_zero(v[M_RESET]), at_least_zero(v[M_REFUSED]),
                 at_least_zero(v[M_EOF]));
    else
        return false;
    return true;
}

void judge(struct trial_row *row, const struct model *model, const struct placement *placement,
           const char *generator_verdict, const char *generator_reason)
{
    if (invalid(row, model)) {
        row->verdict = VERDICT_INVALID;
    } else if (row->counting) {
        row->verdict = VERDICT_VALID; /* how fast it was does not matter here */
    } else if (placement->shared) {
        row->verdict = VERDICT_GENERATOR_LIMITED;
        snprintf(row->reason, sizeof row->reason, "server and load generator share one CPU");
    } else if (strcmp(generator_verdict, "INVALID") == 0) {
        row->verdict = VERDICT_INVALID;
        snprintf(row->reason, sizeof row->reason, "%s", generator_reason);
    } else if (strcmp(generator_verdict, "generator-limited") == 0 &&
               !(row->value[M_SERVER_CPU_FRACTION] >= server_saturated)) {
        row->verdict = VERDICT_GENERATOR_LIMITED;
        snprintf(row->reason, sizeof row->reason, "%s", generator_reason);
    } else {
        row->verdict = VERDICT_VALID;
    }
}
