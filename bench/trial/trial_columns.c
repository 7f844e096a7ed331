#include "bench/trial/trial_columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/trial/waking.h"
#include "common/err.h"

static void fill_results(struct trial_row *row, const json_t *results)
{
    static const struct {
        enum metric metric;
        const char *group;
        const char *name;
        double factor;
    } fields[] = {
        {M_CONNECTED, NULL, "connected", 1},
        {M_SETTLED, NULL, "settled", 1},
        {M_WINDOW_S, NULL, "window_ns", 1e-9},
        {M_REQUESTS, NULL, "requests", 1},
        {M_RPS, NULL, "requests_per_second", 1},
        {M_BYTES_IN, NULL, "bytes_in", 1},
        {M_BYTES_OUT, NULL, "bytes_out", 1},
        {M_MIN_US, "latency", "min", 1e-3},
        {M_MEAN_US, "latency", "mean", 1e-3},
        {M_STDDEV_US, "latency", "stddev", 1e-3},
        {M_P50_US, "latency", "p50", 1e-3},
        {M_P75_US, "latency", "p75", 1e-3},
        {M_P90_US, "latency", "p90", 1e-3},
        {M_P95_US, "latency", "p95", 1e-3},
        {M_P99_US, "latency", "p99", 1e-3},
        {M_P999_US, "latency", "p999", 1e-3},
        {M_P9999_US, "latency", "p9999", 1e-3},
        {M_MAX_US, "latency", "max", 1e-3},
        {M_OK, "outcomes", "ok", 1},
        {M_TIMEOUT, "outcomes", "timeout", 1},
        {M_RESET, "outcomes", "reset", 1},
        {M_REFUSED, "outcomes", "refused", 1},
        {M_EOF, "outcomes", "eof", 1},
        {M_CORRUPT, "outcomes", "corrupt", 1},
        {M_NON_2XX, "outcomes", "non_2xx", 1},
        {M_IN_FLIGHT, "outcomes", "in_flight", 1},
        {M_REQUESTS_STARTED, NULL, "started", 1},
        {M_IN_FLIGHT_AT_START, NULL, "in_flight_at_start", 1},
        {M_UNSOLICITED, NULL, "unsolicited", 1},
        {M_OLDEST_IN_FLIGHT_US, NULL, "oldest_in_flight_ns", 1e-3},
        {M_REQUESTS_MIN, "fairness", "min", 1},
        {M_REQUESTS_MEDIAN, "fairness", "median", 1},
        {M_REQUESTS_MAX, "fairness", "max", 1},
        {M_JAIN, "fairness", "jain", 1},
        {M_STARVED, "fairness", "starved", 1},
        {M_GENERATOR_CPU_US, "generator", "cpu_us", 1},
        {M_GENERATOR_CPU_FRACTION, "generator", "cpu_fraction", 1},
        {M_GENERATOR_THREAD_CPU_FRACTION, "generator", "max_thread_cpu_fraction", 1},
        {M_GENERATOR_COALESCED_FRACTION, "generator", "coalesced_fraction", 1},
        {M_GENERATOR_CPU_PER_REQUEST, "generator", "cpu_us_per_request", 1},
        {M_GENERATOR_SLEPT_FRACTION, "generator", "slept_fraction", 1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        row->value[fields[i].metric] =
            json_number(results, fields[i].group, fields[i].name) * fields[i].factor;
    snprintf(row->engine, sizeof row->engine, "%s", json_text(results, "engine", ""));
}

static void fill_counters(struct trial_row *row, const json_t *counters)
{
    static const struct {
        enum metric metric;
        const char *name;
    } fields[] = {
        {M_ACCEPTED, "accepted"},
        {M_SERVER_REFUSED, "refused"},
        {M_SERVER_REQUESTS, "requests"},
        {M_WAKEUPS, "wakeups"},
        {M_EVENTS, "events"},
        {M_MAX_EVENTS, "max_events"},
        {M_EAGAIN, "eagain"},
        {M_ACCEPT_ERRORS, "accept_errors"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        row->value[fields[i].metric] = json_number(counters, NULL, fields[i].name);
}

/* Without perf: what the server's own rusage says over its whole life, warm-up included. */
static double switches_by_rusage(const json_t *counters)
{
    return (json_number(counters, NULL, "voluntary_switches") +
            json_number(counters, NULL, "involuntary_switches")) /
           json_number(counters, NULL, "requests");
}

/* Ticks are coarse: nothing else may come out a little below nothing. NaN stays NaN. */
static double not_negative(double value)
{
    return value < 0 ? 0 : value;
}

/* What neither the server nor the load generator took of the CPUs. */
static void fill_others(struct trial_row *row, const struct placement *p,
                        const struct trial_measured *m)
{
    double *v = row->value;
    double window = (double)m->window_ns;
    double generator_ns = v[M_GENERATOR_CPU_US] * 1e3;
    double server_others = m->server_busy_ns - m->cpu_ns;
    double generator_others = m->generator_busy_ns - generator_ns;
    if (p->shared) {
        /* Each set holds the other's program as well. */
        generator_others -= m->cpu_ns;
        server_others = generator_others;
    }
    v[M_OTHER_SERVER_CPU_FRACTION] = not_negative(server_others) / window / p->server_count;
    v[M_OTHER_GENERATOR_CPU_FRACTION] =
        not_negative(generator_others) / window / p->generator_count;
    v[M_THROTTLED_PERIODS] = (double)m->throttled.throttled;
    v[M_THROTTLED_FRACTION] = (double)m->throttled.throttled_ns / window;
    v[M_STOLEN_SERVER_CPU_FRACTION] = m->server_stolen_ns / window / p->server_count;
    v[M_STOLEN_GENERATOR_CPU_FRACTION] = m->generator_stolen_ns / window / p->generator_count;
}

static void fill_cost(struct trial_row *row, const struct trial_setup *setup,
                      const struct trial_measured *m)
{
    double *v = row->value;
    double answers = trial_row_answers(row);
    double requests = answers > 0 ? answers : NAN;
    double cpus = setup->placement->server_count;

    if (isnan(requests))
        v[M_GENERATOR_CPU_PER_REQUEST] = NAN;
    v[M_COUNTER_WINDOW_S] = (double)m->window_ns / 1e9;
    v[M_SERVER_CPU_US] = m->cpu_ns / 1e3;
    v[M_SERVER_CPU_FRACTION] = m->cpu_ns / (double)m->window_ns / cpus;
    v[M_CPU_PER_REQUEST] = m->cpu_ns / 1e3 / requests;
    v[M_SYSCALLS_PER_REQUEST] = m->counted.count[PERF_SYSCALLS] / requests;
    v[M_SWITCHES_PER_REQUEST] = setup->counters[PERF_SWITCHES]
                                    ? m->counted.count[PERF_SWITCHES] / requests
                                    : switches_by_rusage(m->counters);
    v[M_WAKINGS_PER_REQUEST] = m->counted.count[PERF_WAKINGS] / requests;
    v[M_WAKING_CPU_SHARE] =
        waking_share(m->counted.count[PERF_WAKINGS], setup->waking_ns, m->cpu_ns);
    v[M_FAULTS_PER_REQUEST] = not_negative(m->faults) / requests;
    v[M_MIGRATIONS] = m->counted.count[PERF_MIGRATIONS];
}

void trial_columns(struct trial_row *row, const struct trial_setup *setup,
                   const struct trial_measured *m)
{
    fill_results(row, m->results);
    fill_counters(row, m->counters);
    fill_cost(row, setup, m);
    fill_others(row, setup->placement, m);
}

void trial_histogram(const char *dir, unsigned trial, const json_t *results)
{
    char *path = text_format("%s/histograms/%u.csv", dir, trial);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fputs("lowest_ns,highest_ns,count\n", f);
    size_t i;
    json_t *bucket;
    json_array_foreach(json_object_get(json_object_get(results, "histogram"), "buckets"), i,
                       bucket)
    {
        fprintf(f, "%lld,%lld,%lld\n", (long long)json_integer_value(json_array_get(bucket, 0)),
                (long long)json_integer_value(json_array_get(bucket, 1)),
                (long long)json_integer_value(json_array_get(bucket, 2)));
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}
