#include "bench/trial/judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/levels.h"
#include "bench/base/text.h"
#include "bench/trial/consistent.h"
#include "common/disturbed.h"

static const double server_saturated = 0.95;
static const double window_tolerance = 0.05;

bool judge_holds_all(const struct model *m, unsigned connections)
{
    return m->concurrency == 0 || m->concurrency >= connections;
}

/* Slow clients hold all workers, and so nobody else is answered: that is what was asked. */
static bool is_frozen(const struct trial_row *row, const struct model *m)
{
    return row->axis == AXIS_SLOW && row->at >= m->concurrency && m->concurrency > 0 &&
           row->value[M_REQUESTS] == 0 && row->value[M_STARVED] == row->connections;
}

/* Wrong answers, or figures that contradict each other. */
static bool wrong(struct trial_row *row, const struct model *m)
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
    else if (!(v[M_REQUESTS] > 0) && !is_frozen(row, m))
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
        snprintf(why, size, "%.0f of %u connection%s came about", v[M_CONNECTED],
                 row->connections, text_s(row->connections));
    else if (settling && v[M_SETTLED] < v[M_CONNECTED])
        snprintf(why, size,
                 "only %.0f of %.0f connection%s had an answer before the load began",
                 v[M_SETTLED], v[M_CONNECTED], text_s(v[M_CONNECTED]));
    else
        return false;
    return true;
}

/* More than so much of the CPUs, and more than two ticks of the clock that the kernel counts by. */
static bool took_much(const struct trial_row *row, enum metric fraction, int cpus)
{
    double ticks = row->value[fraction] * row->value[M_COUNTER_WINDOW_S] * cpus *
                   (double)sysconf(_SC_CLK_TCK);
    return row->value[fraction] > DISTURBED_TAKEN && ticks > 2 * cpus;
}

/* A control group's quota of CPU time stopped server, load generator and this driver together. */
static bool throttled(struct trial_row *row)
{
    if (!(row->value[M_THROTTLED_FRACTION] > DISTURBED_THROTTLED))
        return false;
    snprintf(row->reason, sizeof row->reason,
             DISTURBED_REASON
             "the CPU quota of a control group stopped all programs in %.0f periods, "
             "for %.0f %% of the time",
             row->value[M_THROTTLED_PERIODS], row->value[M_THROTTLED_FRACTION] * 100);
    return true;
}

/* What the hypervisor took is looked for first: the kernel books the same time as busy too. */
static bool disturbed(struct trial_row *row, const struct placement *p)
{
    const struct {
        enum metric fraction;
        int cpus;
        const char *who, *whose;
    } takers[] = {
        {M_STOLEN_GENERATOR_CPU_FRACTION, p->generator_count, "the hypervisor",
         "the load generator's CPUs"},
        {M_STOLEN_SERVER_CPU_FRACTION, p->server_count, "the hypervisor", "the server's CPUs"},
        {M_OTHER_GENERATOR_CPU_FRACTION, p->generator_count, "other programs",
         "the load generator's CPUs"},
        {M_OTHER_SERVER_CPU_FRACTION, p->server_count, "other programs", "the server's CPUs"},
    };
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        if (!took_much(row, takers[i].fraction, takers[i].cpus))
            continue;
        snprintf(row->reason, sizeof row->reason, DISTURBED_REASON "%s took %.0f %% of %s",
                 takers[i].who, row->value[takers[i].fraction] * 100,
                 p->shared ? "the CPUs" : takers[i].whose);
        return true;
    }
    return false;
}

/* Threads of the generator, told by what their CPU time is a share of. */
static double threads_of(const struct trial_row *row)
{
    const double *v = row->value;
    return round(v[M_GENERATOR_CPU_US] / 1e6 / v[M_WINDOW_S] / v[M_GENERATOR_CPU_FRACTION]);
}

/* A thread that neither runs nor sleeps waits for its CPU. */
static bool kept_waiting(struct trial_row *row, const struct placement *p)
{
    double slept = row->value[M_GENERATOR_SLEPT_FRACTION];
    double waited = 1 - row->value[M_GENERATOR_CPU_FRACTION] - slept;
    if (p->shared || !(waited > DISTURBED_TAKEN) || !(threads_of(row) <= p->generator_count))
        return false;
    snprintf(row->reason, sizeof row->reason,
             DISTURBED_REASON
             "the load generator neither ran nor slept for %.0f %% of the window",
             waited * 100);
    return true;
}

/* What is no fault of the trial and must be told. */
static void note(struct trial_row *row, const struct judge_facts *facts)
{
    struct levels levels = levels_find(facts->windows, facts->window_count);
    if (levels.two)
        snprintf(row->note, sizeof row->note,
                 "two levels: %zu windows at %.0f requests/s, %zu at %.0f", levels.at_low,
                 levels.low, levels.at_high, levels.high);
    if (is_frozen(row, facts->model))
        snprintf(row->note, sizeof row->note,
                 "frozen: slow clients hold all %u workers, and nobody else was answered",
                 facts->model->concurrency);
}

const char judge_overload[] = "overloaded: ";

/* Offered more than it can do, a server has all connections busy, and requests wait for one. */
static bool overloaded(struct trial_row *row, const struct judge_facts *facts)
{
    const char *why = facts->generator_reason;
    bool late = strstr(why, "of the schedule was sent too late") ||
                strstr(why, "of the schedule was not sent");
    bool by_itself = !facts->on_time || strstr(why, "a generator thread used");
    if ((row->axis != AXIS_RATE && row->axis != AXIS_LOAD) || !late || by_itself)
        return false;
    snprintf(row->note, sizeof row->note, "%s%s", judge_overload, why);
    return true;
}

void judge(struct trial_row *row, const struct judge_facts *facts)
{
    const struct placement *p = facts->placement;
    const char *verdict = facts->generator_verdict;

    row->verdict = VERDICT_INVALID;
    note(row, facts);
    if (wrong(row, facts->model))
        return;
    if (!facts->older && !consistent_figures(row, row->reason, sizeof row->reason))
        return;
    unsigned open = axis_open_connections(row->axis, row->connections, row->at);
    if (judge_holds_all(facts->model, open) && lost(row, facts->settling))
        return;
    /* Where only system calls are counted, how fast it was does not matter. */
    row->disturbed =
        !row->counting && (throttled(row) || disturbed(row, p) || kept_waiting(row, p));
    if (row->disturbed)
        return;
    if (other_window(row))
        return;
    if (!row->counting && !facts->older &&
        (!consistent_shares(row, row->reason, sizeof row->reason) ||
         !consistent_little(row, row->reason, sizeof row->reason)))
        return;
    if (strcmp(verdict, "FAILED") == 0 && !is_frozen(row, facts->model)) {
        snprintf(row->reason, sizeof row->reason, "%s", facts->generator_reason);
    } else if (row->counting) {
        row->verdict = VERDICT_VALID;
    } else if (strcmp(verdict, "INVALID") == 0 && !overloaded(row, facts)) {
        snprintf(row->reason, sizeof row->reason, "%s", facts->generator_reason);
        row->disturbed = reason_of_disturbance(row->reason);
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
