#include "loadgen/report/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/report/verdict.h"

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void count_answers(struct result *result, const struct run *r)
{
    size_t n = r->options->connections;
    uint64_t *answers = xmalloc(n * sizeof *answers);
    size_t k = 0;

    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct worker *w = &r->workers[i];
        for (uint32_t j = 0; j < w->conns.io.conn_count; j++)
            answers[k++] = w->conns.io.conns[j].answers;
    }
    result->answers = answers;
    result->connections = n;
}

static void fairness(struct result *result)
{
    size_t n = result->connections;
    uint64_t *answers = result->answers;
    double sum = 0;
    double squares = 0;

    qsort(answers, n, sizeof *answers, compare);
    result->starved = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)answers[i];
        squares += (double)answers[i] * (double)answers[i];
        result->starved += answers[i] == 0;
    }
    result->fair_min = answers[0];
    result->fair_median = answers[(n - 1) / 2];
    result->fair_max = answers[n - 1];
    result->jain = squares > 0 ? sum * sum / ((double)n * squares) : 0;
}

/* The requests that were due in the window count, whenever they ended. */
static void count_open(struct result *result, const struct run *r)
{
    struct record *sum = &result->sum;
    struct open_record *open = sum->open_loop;

    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct worker *w = &r->workers[i];
        /* What is due in the window may be sent in the drain. */
        sum->window.n[COUNT_NO_PORT] += w->conns.io.total.n[COUNT_NO_PORT] -
                                        w->record.opening.n[COUNT_NO_PORT] -
                                        w->record.window.n[COUNT_NO_PORT];
    }
    if (open->steps)
        steps_cut(open->steps, result->window_ns);
    memcpy(sum->window.n, open->outcomes, sizeof open->outcomes);
    sum->window.n[COUNT_STARTED] = open->sent;
    sum->in_flight_at_open = 0;
}

static void open_figures(struct result *result, uint32_t threads)
{
    const struct open_record *open = result->sum.open_loop;
    double window = (double)result->window_ns;

    if (result->window_ns == 0)
        return;
    result->rate_delivered = (double)open->sent_in_window * 1e9 / window;
    result->queue_mean = open->queue_area / window;
    result->spun_fraction = (double)open->spun_ns / (window * threads);
}

/* When the window opened, and when the last thread saw that. */
static void find_opening(struct result *result, const struct run *r)
{
    uint64_t opened_at = result->sum.opened_at;

    if (opened_at == 0)
        return;
    result->opened_unix_ns = opened_at + r->unix_offset_ns;
    for (uint32_t i = 0; i < r->options->threads; i++) {
        uint64_t at = r->workers[i].record.cpu_at_open.at;
        if (at > opened_at + result->opened_late_ns)
            result->opened_late_ns = at - opened_at;
    }
}

/* Every request is in exactly one class, or this program is wrong. */
static void check_sum(const struct result *result)
{
    const struct record *sum = &result->sum;
    const uint64_t *n = sum->window.n;
    uint64_t ended = sum->in_flight_at_close;
    uint64_t begun = n[COUNT_STARTED] + sum->in_flight_at_open + n[COUNT_UNSOLICITED];

    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        ended += n[k];
    if (sum->open_loop) {
        ended += sum->open_loop->unsent;
        begun = sum->open_loop->scheduled;
    }
    if (ended == begun)
        return;
    fprintf(stderr, "%s: this is a bug: %llu requests, but %llu outcomes\n", err_program(),
            (unsigned long long)begun, (unsigned long long)ended);
    abort();
}

/* Of the thread that is the busiest. */
static void find_busiest(struct result *result, const struct record *r)
{
    double span = (double)r->cpu_span_ns;

    if (span == 0)
        return;
    double fraction = (double)(r->user_us + r->system_us) * 1e3 / span;
    double spun = (double)(r->open_loop ? r->open_loop->spun_ns : r->spun_ns) / span;
    double busy = fraction - spun + (double)r->coalesced_slept_ns / span;
    if (fraction > result->max_cpu_fraction)
        result->max_cpu_fraction = fraction;
    if (busy > result->max_busy_fraction)
        result->max_busy_fraction = busy;
}

void result_free(struct result *result)
{
    record_free(&result->sum);
    free(result->answers);
    free(result->hosts);
}

/* Add up what the threads counted. */
static void gather(struct result *result, const struct run *r)
{
    struct record *sum = &result->sum;

    record_create(sum, r->options);
    for (uint32_t i = 0; i < r->options->threads; i++) {
        record_merge(sum, &r->workers[i].record);
        find_busiest(result, &r->workers[i].record);
    }
    result->window_ns = sum->closed_at - sum->opened_at;
    result->still_ns = disturbance_still_ns(&r->disturbance, sum->opened_at, sum->closed_at);
    if (r->options->windows) {
        result->window_ns = r->windows.window_ns;
        result->still_ns = r->windows.still_ns;
    } else {
        find_opening(result, r);
    }
    result->answered = sum->window.n[COUNT_OK];
    if (sum->open_loop)
        count_open(result, r);
    /* One URL got all there is; of several the threads counted each. */
    if (!sum->by_target) {
        sum->by_target = xcalloc(1, sizeof *sum->by_target);
        memcpy(sum->by_target[0], sum->window.n, sizeof sum->by_target[0]);
    }
    count_answers(result, r);
}

void result_figures(struct result *result, uint32_t threads)
{
    const struct record *sum = &result->sum;
    uint64_t answered = result->answered;
    double cpu_us = (double)(sum->user_us + sum->system_us);

    if (sum->open_loop)
        open_figures(result, threads);
    if (result->window_ns > 0)
        result->requests_per_second = (double)answered * 1e9 / (double)result->window_ns;
    if (sum->cpu_span_ns > 0) {
        result->cpu_fraction = cpu_us * 1e3 / (double)sum->cpu_span_ns;
        result->slept_fraction = (double)sum->slept_ns / (double)sum->cpu_span_ns;
        if (!sum->open_loop)
            result->spun_fraction = (double)sum->spun_ns / (double)sum->cpu_span_ns;
        result->coalesced_fraction = (double)sum->coalesced_ns / (double)sum->cpu_span_ns;
    }
    if (answered > 0)
        result->cpu_us_per_request = cpu_us / (double)answered;
    fairness(result);
    check_sum(result);
}

void result_collect(struct result *result, const struct run *r)
{
    *result = (struct result){0};
    gather(result, r);
    result_figures(result, r->options->threads);
    verdict_reach(result, r);
}
