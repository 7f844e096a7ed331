#include "bench/crawl/judge.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "common/disturbed.h"
#include "common/target_digest.h"

static const double server_limit = 0.90;

#define CRAWL_NAME(id, name, digits)   [CF_##id] = name,
#define CRAWL_DIGITS(id, name, digits) [CF_##id] = digits,
const char *const crawl_figure_names[CRAWL_FIGURE_COUNT] = {CRAWL_FIGURES(CRAWL_NAME)};
const int crawl_figure_digits[CRAWL_FIGURE_COUNT] = {CRAWL_FIGURES(CRAWL_DIGITS)};
const char *const crawl_status_names[CRAWL_STATUSES] = {[CRAWL_OK] = "ok",
                                                        [CRAWL_FAILED] = "failed",
                                                        [CRAWL_UNSUPPORTED] = "unsupported",
                                                        [CRAWL_SKIPPED] = "skipped"};

double crawl_ideal_s(const struct crawl_row *row)
{
    uint64_t rounds = (row->requests + row->concurrency - 1) / row->concurrency;
    return (double)rounds * row->wait_ms / 1e3;
}

uint64_t crawl_digest(unsigned wait_ms, uint64_t requests)
{
    char target[64];
    uint64_t sum = 0;
    for (uint64_t i = 1; i <= requests; i++) {
        int n =
            snprintf(target, sizeof target, "/wait/%u?i=%llu", wait_ms, (unsigned long long)i);
        sum += target_digest(target, (size_t)n);
    }
    return sum & TARGET_DIGEST_MASK;
}

/* It has not done the job that it was asked for. */
static bool not_the_job(struct crawl_row *row, const struct crawl_facts *facts)
{
    const double *v = row->value;
    double n = (double)row->requests;
    char *why = row->reason;
    size_t size = sizeof row->reason;
    if (!(v[CF_OK] == n))
        snprintf(why, size, "%.0f of %.0f requests were answered right, says the client",
                 v[CF_OK], n);
    else if (!(v[CF_ANSWERED] == n))
        snprintf(why, size, "the server answered %.0f requests, not %.0f", v[CF_ANSWERED], n);
    else if (facts->answered != facts->asked)
        snprintf(
            why, size,
            "the server did not answer each URL once, with its body: the client left URLs or "
            "bodies out, or asked for others");
    else
        return false;
    return true;
}

static bool too_many(struct crawl_row *row)
{
    const double *v = row->value;
    double most = row->way == CRAWL_TUNED ? row->concurrency : v[CF_AT_ONCE];
    if (!(v[CF_MOST] > most))
        return false;
    snprintf(row->reason, sizeof row->reason,
             "the server saw %.0f requests at once, and %.0f are the most that the client %s",
             v[CF_MOST], most, row->way == CRAWL_TUNED ? "may make" : "says it makes");
    return true;
}

static bool wrong_time(struct crawl_row *row)
{
    const double *v = row->value;
    char *why = row->reason;
    size_t size = sizeof row->reason;
    bool bounded = v[CF_MOST] <= row->concurrency;
    if (!(v[CF_WALL_S] > 0) || v[CF_WALL_S] > v[CF_WINDOW_S])
        snprintf(why, size, "the client says that its job took %.6f s, of %.6f s that passed",
                 v[CF_WALL_S], v[CF_WINDOW_S]);
    else if (bounded && v[CF_WALL_S] < v[CF_IDEAL_S])
        snprintf(why, size,
                 "the client says that its job took %.6f s, which takes %.6f s at least",
                 v[CF_WALL_S], v[CF_IDEAL_S]);
    else
        return false;
    return true;
}

/* More than so much, and more than two ticks of the clock that the kernel counts by. */
static bool took_much(const struct crawl_row *row, enum crawl_figure fraction, int cpus)
{
    double part = row->value[fraction];
    double ticks = part * row->value[CF_WINDOW_S] * cpus * (double)sysconf(_SC_CLK_TCK);
    return part > DISTURBED_TAKEN && ticks > 2 * cpus;
}

static bool disturbed(struct crawl_row *row, const struct placement *p)
{
    const struct {
        enum crawl_figure fraction;
        int cpus;
        const char *who, *whose;
    } takers[] = {
        {CF_STOLEN_CLIENT, p->generator_count, "the hypervisor", "client"},
        {CF_STOLEN_SERVER, p->server_count, "the hypervisor", "server"},
        {CF_OTHER_CLIENT, p->generator_count, "other programs", "client"},
        {CF_OTHER_SERVER, p->server_count, "other programs", "server"},
    };
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        if (!took_much(row, takers[i].fraction, takers[i].cpus))
            continue;
        snprintf(row->reason, sizeof row->reason,
                 DISTURBED_REASON "%s took %.0f %% of the %s's CPUs", takers[i].who,
                 row->value[takers[i].fraction] * 100, takers[i].whose);
        return true;
    }
    return false;
}

static bool server_was_limit(struct crawl_row *row, const struct placement *p)
{
    if (p->shared || !(row->value[CF_SERVER_CPU] > server_limit))
        return false;
    snprintf(row->reason, sizeof row->reason,
             "the server was the limit: it used %.0f %% of its CPUs",
             row->value[CF_SERVER_CPU] * 100);
    return true;
}

void crawl_judge(struct crawl_row *row, const struct crawl_facts *facts)
{
    bool invalid = not_the_job(row, facts) || too_many(row) || wrong_time(row) ||
                   (!row->counting && (server_was_limit(row, facts->placement) ||
                                       disturbed(row, facts->placement)));
    row->verdict = invalid ? VERDICT_INVALID : VERDICT_VALID;
}
