#include "judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double server_saturated = 0.95;
static const double window_tolerance = 0.05;

bool judge_holds_all(const struct model *m, unsigned connections)
{
    return m->concurrency == 0 || m->concurrency >= connections;
}

/* Wrong answers, or figures that contradict each other. */
static bool wrong(struct trial_row *row)
{
    const double *v = row->value;
    char *why = row->reason;
    size_t size = sizeof row->reason;
    double ended = v[M_OK] + v[M_TIMEOUT] + v[M_RESET] + v[M_REFUSED] + v[M_EOF] +
                   v[M_CORRUPT] + v[M_NON_2XX] + v[M_IN_FLIGHT];
    double begun = v[M_REQUESTS_STARTED] + v[M_IN_FLIGHT_AT_START] + v[M_UNSOLICITED];

    if (v[M_CORRUPT] > 0)
        snprintf(why, size, "%.0f wrong answers", v[M_CORRUPT]);
    else if (v[M_NON_2XX] > 0)
        snprintf(why, size, "%.0f answers with a status other than 2xx", v[M_NON_2XX]);
    else if (!(v[M_REQUESTS] > 0))
        snprintf(why, size, "no request was answered");
    else if (!(ended == begun))
        snprintf(why, size, "the outcomes do not add up: %.0f requests, %.0f outcomes", begun,
                 ended);
    else
        return false;
    return true;
}

/* The counters were read too early or too late. */
static bool other_window(struct trial_row *row)
{
    double counters = row->value[M_COUNTER_WINDOW_S];
    double window = row->value[M_WINDOW_S];
    if (fabs(counters - window) <= window_tolerance * window)
        return false;
    snprintf(row->reason, sizeof row->reason, "counters cover %.3f s of a window of %.3f s",
             counters, window);
    return true;
}

/* Connections that a model which can hold them all did not serve. */
static bool lost(struct trial_row *row, bool settling)
{
    const double *v = row->value;
    char *why = row->reason;
    size_t size = sizeof row->reason;

    if (v[M_CONNECTED] < row->connections)
        snprintf(why, size, "%.0f of %u connections came about", v[M_CONNECTED],
                 row->connections);
    else if (settling && v[M_SETTLED] < v[M_CONNECTED])
        snprintf(why, size, "only %.0f of %.0f connections had an answer before the load began",
                 v[M_SETTLED], v[M_CONNECTED]);
    else
        return false;
    return true;
}

static bool took_much(double fraction, double window_s, int cpus)
{
    double ticks = fraction * window_s * cpus * (double)sysconf(_SC_CLK_TCK);
    return fraction > JUDGE_DISTURBED && ticks > 2 * cpus;
}

static bool generator_disturbed(const struct trial_row *row, const struct placement *p)
{
    return took_much(row->value[M_OTHER_GENERATOR_CPU_FRACTION], row->value[M_COUNTER_WINDOW_S],
                     p->generator_count);
}

static bool server_disturbed(const struct trial_row *row, const struct placement *p)
{
    return took_much(row->value[M_OTHER_SERVER_CPU_FRACTION], row->value[M_COUNTER_WINDOW_S],
                     p->server_count);
}

static bool disturbed(struct trial_row *row, const struct placement *p)
{
    bool generator = generator_disturbed(row, p);
    if (!generator && !server_disturbed(row, p))
        return false;
    double fraction =
        row->value[generator ? M_OTHER_GENERATOR_CPU_FRACTION : M_OTHER_SERVER_CPU_FRACTION];
    snprintf(row->reason, sizeof row->reason,
             JUDGE_DISTURBED_REASON "other programs took %.0f %% of %s", fraction * 100,
             p->shared   ? "the CPUs"
             : generator ? "the load generator's CPUs"
                         : "the server's CPUs");
    return true;
}

void judge(struct trial_row *row, const struct judge_facts *facts)
{
    const struct placement *p = facts->placement;
    const char *verdict = facts->generator_verdict;

    row->verdict = VERDICT_INVALID;
    if (wrong(row))
        return;
    if (judge_holds_all(facts->model, row->connections) && lost(row, facts->settling))
        return;
    /* Where only system calls are counted, how fast it was does not matter. */
    if (!row->counting && disturbed(row, p))
        return;
    if (other_window(row))
        return;
    if (strcmp(verdict, "FAILED") == 0) {
        snprintf(row->reason, sizeof row->reason, "%s", facts->generator_reason);
    } else if (row->counting) {
        row->verdict = VERDICT_VALID;
    } else if (strcmp(verdict, "INVALID") == 0) {
        snprintf(row->reason, sizeof row->reason, "%s", facts->generator_reason);
    } else if (p->shared) {
        row->verdict = VERDICT_GENERATOR_LIMITED;
        placement_shared_text(p, row->reason, sizeof row->reason);
    } else if (strcmp(verdict, "generator-limited") == 0 &&
               !(row->value[M_SERVER_CPU_FRACTION] >= server_saturated)) {
        row->verdict = VERDICT_GENERATOR_LIMITED;
        snprintf(row->reason, sizeof row->reason, "%s", facts->generator_reason);
    } else {
        row->verdict = VERDICT_VALID;
    }
}
