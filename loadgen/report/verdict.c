#include "loadgen/report/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/disturbed.h"
#include "loadgen/report/hosts.h"

static const char invalid[] = "INVALID";
static const char failed[] = "FAILED";
static const char limited[] = "generator-limited";
static const char ok[] = "ok";
static const char *const by_badness[] = {ok, limited, failed, invalid};

static void set(struct result *result, const char *verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void set(struct result *result, const char *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    result->verdict = verdict;
    vsnprintf(result->verdict_reason, sizeof result->verdict_reason, format, args);
    va_end(args);
}

static uint64_t p99(const struct histogram *h)
{
    uint64_t value = 0;
    histogram_percentile(h, 990000, &value);
    return value;
}

/* ", a thread used 97.0 % of its CPU" where one was saturated. */
static const char *cpu_text(const struct result *result, char text[64])
{
    text[0] = '\0';
    if (result->max_busy_fraction > VERDICT_SATURATED)
        snprintf(text, 64, ", a generator thread used %.1f %% of its CPU",
                 100 * result->max_busy_fraction);
    return text;
}

/* True where the schedule was not kept. */
static bool judge_open(struct result *result)
{
    const struct open_record *open = result->sum.open_loop;
    const struct histogram *own = &open->own_lateness;
    double scheduled = (double)open->scheduled;
    double sent = scheduled - (double)open->unsent;
    bool saturated = result->max_busy_fraction > VERDICT_SATURATED;
    char cpu[64];

    cpu_text(result, cpu);
    if (sent < VERDICT_SENT * scheduled)
        set(result, invalid, "%.1f %% of the schedule was not sent%s",
            100 - 100 * sent / scheduled, cpu);
    else if ((double)open->sent_in_time < VERDICT_SENT * scheduled)
        set(result, invalid,
            "the asked rate was not delivered: %.1f %% of the schedule was sent too late%s",
            100 - 100 * (double)open->sent_in_time / scheduled, cpu);
    else if (p99(own) > VERDICT_OWN_P99_NS || own->max > VERDICT_OWN_MAX_NS)
        set(result, invalid,
            "the schedule slipped: requests left the generator late by itself, p99 %.3f ms, "
            "max %.3f ms%s",
            (double)p99(own) / 1e6, (double)own->max / 1e6, cpu);
    else if (saturated && p99(&open->lateness) > VERDICT_OWN_P99_NS)
        set(result, invalid, "the schedule slipped: lateness p99 %.3f ms%s",
            (double)p99(&open->lateness) / 1e6, cpu);
    return result->verdict == invalid;
}

/* A thread that lets answers gather counts as busy also while it sleeps: otherwise what it does
 * because it is saturated would hide that it is. */
static void judge_saturated(struct result *result)
{
    double waited = result->max_busy_fraction - result->max_cpu_fraction;
    /* With --spin only a part of the CPU time counts. */
    double used = waited < 0 ? result->max_busy_fraction : result->max_cpu_fraction;
    char text[64] = "";

    if (waited >= 0.001)
        snprintf(text, sizeof text, " and slept %.1f %% while answers gathered", 100 * waited);
    set(result, limited,
        "a generator thread used %.1f %% of its CPU%s: the server may be faster than this",
        100 * used, text);
}

/* True where fewer connections than asked were up when the load began. */
static bool judge_connections(struct result *result, const struct run *r)
{
    static const char *const kinds[BACKGROUND_KINDS] = {"idle", "slow reading", "slow sending"};

    if (r->connected < r->options->connections) {
        set(result, invalid, "%u of %u connections came up%s%s", r->connected,
            r->options->connections, r->why_not ? ": " : "", r->why_not ? r->why_not : "");
        return true;
    }
    for (unsigned i = 0; i < BACKGROUND_KINDS; i++) {
        const struct background_count *c = &r->background.counts[i];
        if (c->open_at_start < c->asked) {
            set(result, invalid, "%u of %u %s connections came up", c->open_at_start, c->asked,
                kinds[i]);
            return true;
        }
    }
    return false;
}

/* True where somebody took the generator's time. */
static bool judge_disturbance(struct result *result, const struct disturbance *d)
{
    struct cgroup_throttling quota = cgroup_throttled(&d->groups_before, &d->groups_after);
    double stolen = disturbance_stolen(d);

    if ((double)quota.throttled_ns > DISTURBED_THROTTLED * (double)result->window_ns)
        set(result, invalid,
            DISTURBED_REASON "the CPU quota of the control group stopped the generator in %llu "
                             "of %llu periods, for %.0f %% of the time",
            (unsigned long long)quota.throttled, (unsigned long long)quota.periods,
            100 * (double)quota.throttled_ns / (double)result->window_ns);
    else if (result->still_ns >= VERDICT_STILL_MIN_NS &&
             (double)result->still_ns > VERDICT_STILL * (double)result->window_ns)
        set(result, invalid,
            DISTURBED_REASON "the generator stood still for %.3f s of a window of %.3f s: "
                             "it was stopped, or had no CPU",
            (double)result->still_ns / 1e9, (double)result->window_ns / 1e9);
    else if (stolen > DISTURBED_TAKEN)
        set(result, invalid,
            DISTURBED_REASON "the hypervisor took %.0f %% of the generator's CPUs",
            100 * stolen);
    else
        return false;
    return true;
}

/* True where too many requests failed. */
static bool judge_failures(struct result *result, const struct options *o)
{
    const uint64_t *n = result->sum.window.n;
    uint64_t wrong = outcomes_failed(n);
    uint64_t ended = n[COUNT_OK] + wrong;

    if (n[COUNT_OK] == 0 && wrong == 0) {
        set(result, failed, "no request was answered");
        return true;
    }
    if (n[COUNT_OK] == 0) {
        set(result, failed, "no request succeeded: %llu failed", (unsigned long long)wrong);
        return true;
    }
    if ((double)wrong * 1e6 <= (double)ended * o->max_errors_ppm)
        return false;
    set(result, failed, "%llu of %llu requests failed (%.3g %%, --max-errors is %.4g %%)",
        (unsigned long long)wrong, (unsigned long long)ended,
        100 * (double)wrong / (double)ended, (double)o->max_errors_ppm / 1e4);
    return true;
}

void verdict_reach(struct result *result, const struct run *r)
{
    result->verdict = ok;
    if (judge_connections(result, r))
        return;
    if (result->sum.window.n[COUNT_NO_PORT] > 0) {
        set(result, invalid,
            "%llu connections found no free local port, so the client was the limit: "
            "name more addresses with --source",
            (unsigned long long)result->sum.window.n[COUNT_NO_PORT]);
        return;
    }
    /* An open loop says more exactly what became of its schedule. */
    if (result->sum.open_loop && judge_open(result))
        return;
    /* What failed has failed, also in a disturbed run. */
    if (judge_failures(result, r->options))
        return;
    if (judge_disturbance(result, &r->disturbance))
        return;
    if (!result->sum.open_loop && result->max_busy_fraction > VERDICT_SATURATED)
        judge_saturated(result);
}

/* How bad it is, from 0 for ok. */
static unsigned badness(const char *verdict)
{
    for (unsigned i = 0; i < sizeof by_badness / sizeof by_badness[0]; i++)
        if (strcmp(verdict, by_badness[i]) == 0)
            return i;
    return 0;
}

void verdict_unite(struct result *result)
{
    const struct hosts *hosts = result->hosts;
    const struct host *worst = &hosts->each[0];
    bool apart = (double)hosts->skew_ns > HOSTS_SKEW * (double)result->window_ns;

    for (uint32_t i = 1; i < hosts->count; i++)
        if (badness(hosts->each[i].verdict) > badness(worst->verdict))
            worst = &hosts->each[i];
    const char *verdict = by_badness[badness(worst->verdict)];
    if (verdict != invalid && hosts->bound_ns > HOSTS_BOUND_NS)
        set(result, invalid,
            "the clocks of the hosts are known to %.3f ms only, so nobody knows whether the "
            "windows opened together",
            (double)hosts->bound_ns / 1e6);
    else if (verdict != invalid && result->window_ns > 0 && apart)
        set(result, invalid,
            "the windows did not open together: %.3f ms from the first to the last, of %.3f s",
            (double)hosts->skew_ns / 1e6, (double)result->window_ns / 1e9);
    else
        set(result, verdict, "%s%s%s", worst->reason[0] ? worst->name : "",
            worst->reason[0] ? ": " : "", worst->reason);
}

bool verdict_bad(const struct result *result)
{
    return result->verdict == invalid || result->verdict == failed;
}

int verdict_exit_status(const struct result *result)
{
    if (result->sum.window.n[COUNT_OK] == 0)
        return EXIT_FAILURE;
    return result->verdict == invalid  ? EXIT_INVALID
           : result->verdict == failed ? EXIT_FAILED
                                       : EXIT_SUCCESS;
}
