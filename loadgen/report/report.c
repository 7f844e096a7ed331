#include "loadgen/report/report.h"

#include <string.h>

#include "common/clock.h"
#include "loadgen/report/fail_if.h"
#include "loadgen/report/hgrm.h"
#include "loadgen/report/hosts.h"
#include "loadgen/report/report_steps.h"
#include "loadgen/report/report_text.h"
#include "loadgen/report/report_workload.h"

/* URLs that the summary lists at most. */
#define URLS_PRINTED 20

/* A row of the table under "mean stdev p50 p99 max". */
static void print_times(FILE *out, const char *name, const struct histogram *h)
{
    char text[5][REPORT_TEXT];
    uint64_t p50, p99;

    if (!histogram_percentile(h, 500000, &p50) || !histogram_percentile(h, 990000, &p99)) {
        fprintf(out, "  %-13s   no sample\n", name);
        return;
    }
    fprintf(out, "  %-13s%10s%10s%10s%10s%10s\n", name, report_time(text[0], histogram_mean(h)),
            report_time(text[1], histogram_stddev(h)), report_time(text[2], (double)p50),
            report_time(text[3], (double)p99), report_time(text[4], (double)h->max));
}

static void print_distributions(FILE *out, const struct result *result)
{
    const struct open_record *open = result->sum.open_loop;

    fprintf(out, "  %-13s%10s%10s%10s%10s%10s\n", "", "mean", "stdev", "p50", "p99", "max");
    if (open) {
        print_times(out, "Response time", result->sum.latency);
        print_times(out, "Service time", &open->service);
        print_times(out, "Lateness", &open->lateness);
        print_times(out, "  our own", &open->own_lateness);
    } else {
        print_times(out, "Latency", result->sum.latency);
    }
    if (result->sum.connect_time) {
        print_times(out, "Connecting", result->sum.connect_time);
        print_times(out, "First byte", result->sum.first_byte);
    }
}

static void print_table(FILE *out, const struct histogram *h)
{
    static const struct {
        const char *name;
        uint32_t ppm;
    } rows[] = {{"50%", 500000}, {"75%", 750000},   {"90%", 900000},    {"95%", 950000},
                {"99%", 990000}, {"99.9%", 999000}, {"99.99%", 999900}, {"100%", 1000000}};
    char text[REPORT_TEXT];
    uint64_t value;

    fprintf(out, "  Latency distribution\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (histogram_percentile(h, rows[i].ppm, &value))
            fprintf(out, "    %7s%12s\n", rows[i].name, report_time(text, (double)value));
}

static const char *outcome_text(enum count outcome)
{
    return outcome == COUNT_NON_2XX ? "not 2xx" : outcome_name(outcome);
}

/* Every request in exactly one class: the sum, to be seen. */
static void print_sum(FILE *out, const struct result *result)
{
    uint64_t unsent = result->sum.open_loop ? result->sum.open_loop->unsent : 0;
    uint64_t sum = result->sum.window.n[COUNT_OK] + result->sum.in_flight_at_close + unsent;

    fprintf(out, "  Outcomes     %llu ok", (unsigned long long)result->sum.window.n[COUNT_OK]);
    for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++) {
        uint64_t n = result->sum.window.n[k];
        sum += n;
        if (n > 0)
            fprintf(out, " + %llu %s", (unsigned long long)n, outcome_text(k));
    }
    if (result->sum.in_flight_at_close > 0)
        fprintf(out, " + %llu in flight", (unsigned long long)result->sum.in_flight_at_close);
    if (unsent > 0)
        fprintf(out, " + %llu unsent", (unsigned long long)unsent);
    fprintf(out, " = %llu%s", (unsigned long long)sum,
            result->sum.open_loop ? " scheduled" : "");
    if (result->sum.in_flight_at_open > 0)
        fprintf(out, ", %llu of them begun before the window",
                (unsigned long long)result->sum.in_flight_at_open);
    putc('\n', out);
}

static void print_open(FILE *out, const struct options *o, const struct result *result)
{
    const struct open_record *open = result->sum.open_loop;
    char text[2][REPORT_TEXT];

    fprintf(out, "  Rate         ");
    if (o->profile.count > 0)
        fprintf(out, "%s asked, %.2f/s on average", o->rate,
                options_rate(o, 0, result->window_ns));
    else
        fprintf(out, "%.2f/s asked", (double)o->rate_milli / 1e3);
    fprintf(out, ", %.2f/s sent in the window\n", result->rate_delivered);
    report_print_steps(out, o, result);
    if (open->queue_waited > 0)
        fprintf(out, "  Queue        %llu found no idle connection, longest %llu, mean %.2f\n",
                (unsigned long long)open->queue_waited, (unsigned long long)open->queue_max,
                result->queue_mean);
    fprintf(out, "  Drain        took %s of %s at most, %llu left\n",
            report_time(text[0], (double)result->sum.drain_took_ns),
            report_time(text[1], (double)o->drain_ns),
            (unsigned long long)(result->sum.in_flight_at_close + open->unsent));
}

/* The failures, and the reason of the first. */
static void print_failures(FILE *out, const struct run *r, const struct result *result)
{
    for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++) {
        if (result->sum.window.n[k] == 0)
            continue;
        fprintf(out, "  Failed       %llu %s", (unsigned long long)result->sum.window.n[k],
                outcome_text(k));
        if (result->sum.reasons[k])
            fprintf(out, " (%s)", result->sum.reasons[k]);
        putc('\n', out);
    }
    if (r->options->settle_ns > 0 && r->settled < r->options->connections)
        fprintf(out, "  Settled      %u of %u had an answer before the load began\n",
                r->settled, r->options->connections);
    if (r->connected < r->options->connections)
        fprintf(out, "  Connected    %u of %u at the start\n", r->connected,
                r->options->connections);
    char text[REPORT_TEXT];
    if (result->sum.in_flight_at_close > 0)
        fprintf(out, "  In flight    %llu at the end%s%s\n",
                (unsigned long long)result->sum.in_flight_at_close,
                result->sum.oldest_in_flight_ns ? ", the oldest for " : "",
                result->sum.oldest_in_flight_ns
                    ? report_time(text, (double)result->sum.oldest_in_flight_ns)
                    : "");
}

/* Of several URLs, how each did; of many, how some did and all others. */
static void print_urls(FILE *out, const struct run *r, const struct result *result)
{
    uint64_t ok = result->sum.window.n[COUNT_OK];
    uint64_t failed = 0;
    uint32_t count = r->options->url_count;
    uint32_t chosen[URLS_PRINTED];
    uint32_t n = count > 1 ? report_choose_urls(result, count, URLS_PRINTED, chosen) : 0;

    for (uint32_t i = 0; i < count; i++)
        failed += outcomes_failed(result->sum.by_target[i]);
    for (uint32_t i = 0; i < n; i++) {
        const struct asked_url *u = &r->options->urls[chosen[i]];
        const uint64_t *outcomes = result->sum.by_target[chosen[i]];
        uint64_t of_this = outcomes_failed(outcomes);
        fprintf(out, "  URL          %12llu ok %9llu failed   weight %u   %s\n",
                (unsigned long long)outcomes[COUNT_OK], (unsigned long long)of_this, u->weight,
                u->text);
        ok -= outcomes[COUNT_OK];
        failed -= of_this;
    }
    if (count > 1 && n < count)
        fprintf(out, "  URL          %12llu ok %9llu failed   %u others\n",
                (unsigned long long)ok, (unsigned long long)failed, count - n);
}

static void print_sources(FILE *out, const struct run *r)
{
    char text[SOURCE_TEXT_MAX];
    uint32_t used = 0, last = 0;

    for (uint32_t i = 0; i < r->sources.count; i++) {
        if (!atomic_load(&r->sources.list[i].used))
            continue;
        if (used++ == 0)
            fprintf(out, "  Sources      %s", source_format(&r->sources.list[i], text));
        last = i;
    }
    if (used > 1)
        fprintf(out, " to %s, %u addresses", source_format(&r->sources.list[last], text), used);
    if (used > 0)
        putc('\n', out);
}

static void print_background(FILE *out, const struct run *r)
{
    static const char *const names[BACKGROUND_KINDS] = {"idle", "slow readers", "slow senders"};

    for (unsigned kind = 0; kind < BACKGROUND_KINDS; kind++) {
        const struct background_count *c = &r->background.counts[kind];
        if (c->asked == 0)
            continue;
        fprintf(out, "  Background   %u %s", c->asked, names[kind]);
        if (c->open_at_end != c->asked)
            fprintf(out, ", %u open at the end", c->open_at_end);
        if (c->lost_at_end > 0)
            fprintf(out, ", %llu lost", (unsigned long long)c->lost_at_end);
        putc('\n', out);
    }
    char text[REPORT_TEXT];
    if (r->background.total > 0)
        fprintf(out, "               %s of CPU, not the generator's\n",
                report_time(text, (double)r->background.cpu_us * 1e3));
}

static void print_generator(FILE *out, const struct options *o, const struct result *result)
{
    fprintf(out, "  Fairness     %llu / %llu / %llu answers per connection (min/median/max)",
            (unsigned long long)result->fair_min, (unsigned long long)result->fair_median,
            (unsigned long long)result->fair_max);
    fprintf(out, ", Jain %.3f", result->jain);
    if (result->starved > 0)
        fprintf(out, ", %llu starved", (unsigned long long)result->starved);
    fprintf(out, "\n  Generator    CPU %.1f %%, %.2fus per request", 100 * result->cpu_fraction,
            result->cpu_us_per_request);
    if (result->sum.open_loop)
        fprintf(out, ", %.1f %% spinning to be on time", 100 * result->spun_fraction);
    else if (o->spin)
        fprintf(out, ", %.1f %% of the time spinning for want of answers",
                100 * result->spun_fraction);
    else
        fprintf(out, ", asleep for %.1f %% of the time", 100 * result->slept_fraction);
    if (result->coalesced_fraction > 0)
        fprintf(out, ", coalescing for %.0f %% of the time", 100 * result->coalesced_fraction);
    putc('\n', out);
}

/* The address that was loaded, where a name has several. */
static void print_address(FILE *out, const struct options *o)
{
    char text[ADDR_TEXT_MAX];

    if (o->url.addr_count > 1 && !o->null)
        fprintf(out, "  Address      %s, of %zu that '%s' has\n",
                addr_format(&o->url.addr, text), o->url.addr_count, o->url.host);
}

/* In a container /proc/stat may be of other CPUs. */
static void print_unseen(FILE *out, const struct stolen_reading *stolen)
{
    if (stolen->seen < stolen->cpus)
        fprintf(out,
                "  Unseen       /proc/stat has no line for %u of the %u CPUs of the generator: "
                "what a hypervisor took of them is not known\n",
                stolen->cpus - stolen->seen, stolen->cpus);
}

void report_print(FILE *out, const struct run *r, const struct result *result)
{
    const struct options *o = r->options;
    double seconds = (double)result->window_ns / 1e9;
    uint64_t ok = result->sum.window.n[COUNT_OK];
    char text[2][REPORT_TEXT];

    fputs(report_time(text[0], (double)result->window_ns), out);
    if (o->windows)
        fprintf(out, " in %u window%s", r->windows.count, r->windows.count == 1 ? "" : "s");
    fprintf(out, " of %s%s%s\n", o->url_text, o->url_count > 1 ? " and others" : "",
            run_stopped((struct run *)r) ? " (interrupted)" : "");
    fprintf(out, "  %u thread%s and %u connection%s, %s loop%s, %s\n", o->threads,
            o->threads == 1 ? "" : "s", o->connections, o->connections == 1 ? "" : "s",
            result->sum.open_loop ? "open" : "closed",
            o->arrival == ARRIVAL_POISSON ? " with Poisson arrivals" : "",
            o->null ? "no server: answers from memory" : r->engine->name);
    print_address(out, o);
    print_distributions(out, result);
    if (o->latency_table)
        print_table(out, result->sum.latency);
    fprintf(out, "  %llu requests in %s, %s read", (unsigned long long)ok,
            report_time(text[0], (double)result->window_ns),
            report_bytes(text[1], (double)result->sum.window.n[COUNT_BYTES_IN]));
    if (o->data)
        fprintf(out, ", %s sent",
                report_bytes(text[0], (double)result->sum.window.n[COUNT_BYTES_OUT]));
    putc('\n', out);
    print_sum(out, result);
    if (result->sum.open_loop)
        print_open(out, o, result);
    print_failures(out, r, result);
    print_urls(out, r, result);
    print_sources(out, r);
    print_background(out, r);
    print_generator(out, o, result);
    report_print_hosts(out, result->hosts);
    print_unseen(out, &r->disturbance.stolen_after);
    fprintf(out, "Requests/sec: %12.2f\n", result->requests_per_second);
    if (seconds > 0)
        fprintf(out, "Transfer/sec: %12s\n",
                report_bytes(text[0], (double)result->sum.window.n[COUNT_BYTES_IN] / seconds));
    if (seconds > 0 && o->data)
        fprintf(out, "Upload/sec:   %12s\n",
                report_bytes(text[0], (double)result->sum.window.n[COUNT_BYTES_OUT] / seconds));
    fprintf(out, "Verdict: %s%s%s\n", result->verdict, result->verdict_reason[0] ? ": " : "",
            result->verdict_reason);
    fail_if_print(out, o, result);
}

bool report_all(const struct run *r, const struct result *result, const struct search *search)
{
    const struct options *o = r->options;

    if (!o->json || strcmp(o->json, "-") != 0)
        report_print(stdout, r, result);
    else
        fail_if_print(stderr, o, result);
    bool written = !r->observer.csv_failed;
    if (o->json)
        written &= report_json(o->json, r, result, search);
    if (o->hgrm)
        written &= hgrm_write_file(o->hgrm, result->sum.latency);
    return written;
}
