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

static void fairness(struct result *result, const struct run *r)
{
    size_t n = r->options->connections;
    uint64_t *answers = xmalloc(n * sizeof *answers);
    size_t k = 0;
    double sum = 0;
    double squares = 0;

    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct worker *w = &r->workers[i];
        for (uint32_t j = 0; j < w->conns.io.conn_count; j++)
            answers[k++] = w->conns.io.conns[j].answers;
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

/* What one thread did, added to what the others did. */
static void merge_open(struct open_result *all, const struct open_record *one,
                       double *sent_in_window)
{
    histogram_merge(&all->service, &one->service);
    histogram_merge(&all->lateness, &one->lateness);
    histogram_merge(&all->own_lateness, &one->own_lateness);
    all->scheduled += one->scheduled;
    all->sent += one->sent;
    all->sent_in_time += one->sent_in_time;
    all->unsent += one->unsent;
    all->queue_max += one->queue_max;
    all->queue_waited += one->queue_waited;
    all->queue_mean += one->queue_area;
    all->spun_ns += one->spun_ns;
    *sent_in_window += (double)one->sent_in_window;
}

static void collect_open(struct result *result, const struct run *r)
{
    struct open_result *all = result->open = xcalloc(1, sizeof *all);
    double sent_in_window = 0;

    histogram_init(&all->service);
    histogram_init(&all->lateness);
    histogram_init(&all->own_lateness);
    all->steps = steps_create(r->options);
    memset(result->window.n, 0, COUNT_OUTCOMES * sizeof result->window.n[0]);
    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct worker *w = &r->workers[i];
        const struct open_record *one = w->record.open_loop;
        /* What is due in the window may be sent in the drain. */
        result->window.n[COUNT_NO_PORT] += w->conns.io.total.n[COUNT_NO_PORT] -
                                           w->record.opening.n[COUNT_NO_PORT] -
                                           w->record.window.n[COUNT_NO_PORT];
        if (w->record.drain_took_ns > all->drain_took_ns)
            all->drain_took_ns = w->record.drain_took_ns;
        merge_open(all, one, &sent_in_window);
        if (all->steps)
            steps_merge(all->steps, one->steps);
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            result->window.n[k] += one->outcomes[k];
    }
    if (all->steps)
        steps_cut(all->steps, result->window_ns);
    result->window.n[COUNT_STARTED] = all->sent;
    result->in_flight_at_start = 0;
    if (result->window_ns > 0) {
        all->rate_delivered = sent_in_window * 1e9 / (double)result->window_ns;
        all->queue_mean /= (double)result->window_ns;
        result->spun_fraction =
            (double)all->spun_ns / ((double)result->window_ns * r->options->threads);
    }
}

/* Every request is in exactly one class, or this program is wrong. */
static void check_sum(const struct result *result)
{
    const uint64_t *n = result->window.n;
    uint64_t ended = result->in_flight;
    uint64_t begun = n[COUNT_STARTED] + result->in_flight_at_start + n[COUNT_UNSOLICITED];

    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        ended += n[k];
    if (result->open) {
        ended += result->open->unsent;
        begun = result->open->scheduled;
    }
    if (ended == begun)
        return;
    fprintf(stderr, "%s: this is a bug: %llu requests, but %llu outcomes\n", err_program(),
            (unsigned long long)begun, (unsigned long long)ended);
    abort();
}

static void merge_record(struct result *result, const struct record *from)
{
    tally_add(&result->window, &from->window);
    histogram_merge(result->latency, from->latency);
    result->in_flight_at_start += from->in_flight_at_open;
    result->in_flight += from->in_flight_at_close;
    if (from->oldest_in_flight_ns > result->oldest_in_flight_ns)
        result->oldest_in_flight_ns = from->oldest_in_flight_ns;
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        if (!result->reasons[k])
            result->reasons[k] = from->reasons[k];

    result->user_us += from->user_us;
    result->system_us += from->system_us;
    result->cpu_span_ns += from->cpu_span_ns;
    result->coalesced_slept_ns += from->coalesced_slept_ns;
    double span = (double)from->cpu_span_ns;
    double fraction = span > 0 ? (double)(from->user_us + from->system_us) * 1e3 / span : 0;
    double spun = from->open_loop && span > 0 ? (double)from->open_loop->spun_ns / span : 0;
    double slept = span > 0 ? (double)from->coalesced_slept_ns / span : 0;
    if (fraction > result->max_cpu_fraction)
        result->max_cpu_fraction = fraction;
    if (fraction - spun + slept > result->max_busy_fraction)
        result->max_busy_fraction = fraction - spun + slept;
    if (from->connect_time) {
        histogram_merge(result->connect_time, from->connect_time);
        histogram_merge(result->first_byte, from->first_byte);
    }
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
                result->by_target[i][k] += r->workers[j].record.by_target[i][k];
        }
}

void result_free(struct result *result)
{
    free(result->by_target);
    free(result->latency);
    free(result->connect_time);
    free(result->first_byte);
    if (result->open)
        steps_free(result->open->steps);
    free(result->open);
}

void result_collect(struct result *result, const struct run *r)
{
    uint64_t opened_at = UINT64_MAX;
    uint64_t closed_at = 0;
    uint64_t coalesced_ns = 0;

    *result = (struct result){.latency = record_histogram()};
    if (r->options->per_connection) {
        result->connect_time = record_histogram();
        result->first_byte = record_histogram();
    }
    for (uint32_t i = 0; i < r->options->threads; i++) {
        const struct record *one = &r->workers[i].record;
        merge_record(result, one);
        coalesced_ns += one->coalesced_ns;
        if (one->opened_at < opened_at)
            opened_at = one->opened_at;
        if (one->closed_at > closed_at)
            closed_at = one->closed_at;
    }
    result->window_ns = closed_at - opened_at;
    result->still_ns = disturbance_still_ns(&r->disturbance, opened_at, closed_at);
    uint64_t answered = result->window.n[COUNT_OK];
    if (r->options->rate_milli)
        collect_open(result, r);

    double cpu_us = (double)(result->user_us + result->system_us);
    if (result->window_ns > 0)
        result->requests_per_second = (double)answered * 1e9 / (double)result->window_ns;
    if (result->cpu_span_ns > 0) {
        result->cpu_fraction = cpu_us * 1e3 / (double)result->cpu_span_ns;
        result->coalesced_fraction = (double)coalesced_ns / (double)result->cpu_span_ns;
    }
    if (answered > 0)
        result->cpu_us_per_request = cpu_us / (double)answered;
    count_targets(result, r);
    fairness(result, r);
    check_sum(result);
    verdict_reach(result, r);
}
