#include "loadgen/result.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"

const char *result_outcome_name(enum count outcome)
{
    static const char *const names[COUNT_OUTCOMES] = {
        [COUNT_OK] = "ok",           [COUNT_TIMEOUT] = "timeout", [COUNT_RESET] = "reset",
        [COUNT_REFUSED] = "refused", [COUNT_EOF] = "eof",         [COUNT_CORRUPT] = "corrupt",
        [COUNT_NON_2XX] = "non_2xx",
    };
    return names[outcome];
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void fairness(struct result *result, const struct run *r)
{
    size_t n = r->options->connections;
    uint64_t *answers = xmalloc(n * sizeof *answers);
    size_t k = 0;
    double sum = 0;
    double squares = 0;

    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct worker *w = &r->workers[i];
        for (uint32_t j = 0; j < w->conn_count; j++)
            answers[k++] = w->conns[j].answers;
    }
    qsort(answers, n, sizeof *answers, compare);
    for (size_t i = 0; i < n; i++) {
        sum += (double)answers[i];
        squares += (double)answers[i] * (double)answers[i];
        result->starved += answers[i] == 0;
    }
    result->fair_min = answers[0];
    result->fair_median = answers[(n - 1) / 2];
    result->fair_max = answers[n - 1];
    result->jain = squares > 0 ? sum * sum / ((double)n * squares) : 0;
    free(answers);
}

static void judge(struct result *result)
{
    result->verdict = "ok";
    if (result->max_cpu_fraction <= SATURATED)
        return;
    result->verdict = "generator-limited";
    snprintf(result->verdict_reason, sizeof result->verdict_reason,
             "a generator thread used %.1f %% of its CPU: the server may be faster than this",
             100 * result->max_cpu_fraction);
}

static void merge_worker(struct result *result, const struct worker *w)
{
    tally_add(&result->window, &w->window);
    histogram_merge(result->latency, w->latency);
    result->in_flight_at_start += w->in_flight_at_open;
    result->in_flight += w->in_flight_at_close;
    if (w->oldest_in_flight_ns > result->oldest_in_flight_ns)
        result->oldest_in_flight_ns = w->oldest_in_flight_ns;
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        if (!result->reasons[k])
            result->reasons[k] = w->reasons[k];

    result->user_us += w->user_us;
    result->system_us += w->system_us;
    uint64_t window_ns = w->closed_at - w->opened_at;
    double fraction =
        window_ns ? (double)(w->user_us + w->system_us) * 1e3 / (double)window_ns : 0;
    if (fraction > result->max_cpu_fraction)
        result->max_cpu_fraction = fraction;
}

/* One URL got all there is; of several the workers counted each. */
static void count_targets(struct result *result, const struct run *r)
{
    uint32_t n = r->load.target_count;

    result->by_target = xcalloc(n, sizeof *result->by_target);
    for (uint32_t i = 0; i < n; i++)
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++) {
            if (n == 1)
                result->by_target[i][k] = result->window.n[k];
            for (uint32_t j = 0; n > 1 && j < r->options->threads; j++)
                result->by_target[i][k] += r->workers[j].by_target[i][k];
        }
}

void result_free(struct result *result)
{
    free(result->by_target);
    free(result->latency);
}

void result_collect(struct result *result, const struct run *r)
{
    uint64_t opened_at = UINT64_MAX;
    uint64_t closed_at = 0;

    *result = (struct result){.latency = xmalloc(sizeof *result->latency)};
    histogram_init(result->latency);
    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct worker *w = &r->workers[i];
        merge_worker(result, w);
        if (w->opened_at < opened_at)
            opened_at = w->opened_at;
        if (w->closed_at > closed_at)
            closed_at = w->closed_at;
    }
    result->window_ns = closed_at - opened_at;

    double cpu_us = (double)(result->user_us + result->system_us);
    double window_us = (double)result->window_ns / 1e3;
    uint64_t ok = result->window.n[COUNT_OK];
    if (result->window_ns > 0) {
        result->requests_per_second = (double)ok * 1e6 / window_us;
        result->cpu_fraction = cpu_us / (window_us * r->options->threads);
    }
    if (ok > 0)
        result->cpu_us_per_request = cpu_us / (double)ok;
    count_targets(result, r);
    fairness(result, r);
    judge(result);
}
