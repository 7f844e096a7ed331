#include "loadgen/report.h"

#include "common/clock.h"

/* Three or four digits and the unit that fits. */
static const char *time_text(char text[32], double ns)
{
    if (ns < 1e3)
        snprintf(text, 32, "%.0fns", ns);
    else if (ns < 1e6)
        snprintf(text, 32, "%.1fus", ns / 1e3);
    else if (ns < 1e9)
        snprintf(text, 32, "%.2fms", ns / 1e6);
    else
        snprintf(text, 32, "%.2fs", ns / 1e9);
    return text;
}

static const char *bytes_text(char text[32], double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    unsigned i = 0;
    for (; bytes >= 1024 && i < 4; i++)
        bytes /= 1024;
    snprintf(text, 32, i ? "%.2f%s" : "%.0f%s", bytes, units[i]);
    return text;
}

static void print_row(FILE *out, const char *name, const struct histogram *h)
{
    char text[5][32];
    uint64_t p50, p99;

    if (!histogram_percentile(h, 500000, &p50) || !histogram_percentile(h, 990000, &p99)) {
        fprintf(out, "  %-14s no sample\n", name);
        return;
    }
    fprintf(out, "  %-14s %-10s %-10s %-10s %-10s %-10s\n", name,
            time_text(text[0], histogram_mean(h)), time_text(text[1], histogram_stddev(h)),
            time_text(text[2], (double)p50), time_text(text[3], (double)p99),
            time_text(text[4], (double)h->max));
}

static void print_latency(FILE *out, const struct result *result)
{
    const struct open_result *open = result->open;

    fprintf(out, "  %-14s %-10s %-10s %-10s %-10s %-10s\n", "", "mean", "stdev", "p50", "p99",
            "max");
    if (open) {
        print_row(out, "Response time", result->latency);
        print_row(out, "Service time", &open->service);
        print_row(out, "Lateness", &open->lateness);
        print_row(out, "  our own", &open->own_lateness);
    } else {
        print_row(out, "Latency", result->latency);
    }
    if (result->connect_time) {
        print_row(out, "Connecting", result->connect_time);
        print_row(out, "First byte", result->first_byte);
    }
}

/* "2000 scheduled = 1990 ok + 10 timeout": every request of the window in one class. */
static void print_sum(FILE *out, const struct result *result)
{
    const char *sign = "=";

    fprintf(out, "  Schedule       %llu scheduled",
            (unsigned long long)result->open->scheduled);
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        if (result->window.n[k] > 0 || k == COUNT_OK) {
            fprintf(out, " %s %llu %s", sign, (unsigned long long)result->window.n[k],
                    k == COUNT_NON_2XX ? "not 2xx" : result_outcome_name(k));
            sign = "+";
        }
    if (result->in_flight > 0)
        fprintf(out, " + %llu in flight", (unsigned long long)result->in_flight);
    if (result->open->unsent > 0)
        fprintf(out, " + %llu unsent", (unsigned long long)result->open->unsent);
    putc('\n', out);
}

static void print_open(FILE *out, const struct options *o, const struct result *result)
{
    const struct open_result *open = result->open;
    char text[2][32];

    print_sum(out, result);
    fprintf(out, "  Rate           %.2f/s asked, %.2f/s sent in the window\n",
            (double)o->rate_milli / 1e3, open->rate_delivered);
    if (open->queue_waited > 0)
        fprintf(out,
                "  Queue          %llu found no idle connection, longest %llu, mean %.2f\n",
                (unsigned long long)open->queue_waited, (unsigned long long)open->queue_max,
                open->queue_mean);
    fprintf(out, "  Drain          took %s of %s at most, %llu left\n",
            time_text(text[0], (double)open->drain_took_ns),
            time_text(text[1], (double)o->drain_ns),
            (unsigned long long)(result->in_flight + open->unsent));
}

static void print_table(FILE *out, const struct histogram *h)
{
    static const struct {
        const char *name;
        uint32_t ppm;
    } rows[] = {{"50%", 500000}, {"75%", 750000},   {"90%", 900000},    {"95%", 950000},
                {"99%", 990000}, {"99.9%", 999000}, {"99.99%", 999900}, {"100%", 1000000}};
    char text[32];
    uint64_t value;

    fprintf(out, "  Latency distribution\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (histogram_percentile(h, rows[i].ppm, &value))
            fprintf(out, "    %7s  %s\n", rows[i].name, time_text(text, (double)value));
}

/* Only what is not ok; in flight at the end is normal in a closed loop, one a connection. */
static void print_outcomes(FILE *out, const struct run *r, const struct result *result)
{
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++) {
        uint64_t n = result->window.n[k];
        if (k == COUNT_OK || n == 0)
            continue;
        fprintf(out, "  Failed         %llu %s", (unsigned long long)n,
                k == COUNT_NON_2XX ? "not 2xx" : result_outcome_name(k));
        if (result->reasons[k])
            fprintf(out, " (%s)", result->reasons[k]);
        putc('\n', out);
    }
    if (r->options->settle_ns > 0 && r->settled < r->options->connections)
        fprintf(out, "  Settled        %u of %u had an answer before the load began\n",
                r->settled, r->options->connections);
    if (r->connected < r->options->connections)
        fprintf(out, "  Connected      %u of %u at the start\n", r->connected,
                r->options->connections);
    char text[32];
    if (result->in_flight > 0)
        fprintf(out, "  In flight      %llu at the end, the oldest for %s\n",
                (unsigned long long)result->in_flight,
                time_text(text, (double)result->oldest_in_flight_ns));
}

static void print_generator(FILE *out, const struct result *result)
{
    fprintf(out, "  Fairness       %llu / %llu / %llu answers per connection (min/median/max)",
            (unsigned long long)result->fair_min, (unsigned long long)result->fair_median,
            (unsigned long long)result->fair_max);
    fprintf(out, ", Jain %.3f", result->jain);
    if (result->starved > 0)
        fprintf(out, ", %llu starved", (unsigned long long)result->starved);
    fprintf(out, "\n  Generator      CPU %.1f %%, %.2fus per request",
            100 * result->cpu_fraction, result->cpu_us_per_request);
    if (result->open)
        fprintf(out, ", %.1f %% spinning to be on time", 100 * result->spun_fraction);
    fprintf(out, ": %s\n", result->verdict);
    if (result->verdict_reason[0])
        fprintf(out, "                 %s\n", result->verdict_reason);
}

void report_print(FILE *out, const struct run *r, const struct result *result)
{
    const struct options *o = r->options;
    double seconds = (double)result->window_ns / 1e9;
    uint64_t ok = result->window.n[COUNT_OK];
    char text[2][32];

    fprintf(out, "%s of %s%s\n", time_text(text[0], (double)result->window_ns), o->url_text,
            run_stopped((struct run *)r) ? " (interrupted)" : "");
    fprintf(out, "  %u thread%s and %u connection%s, %s loop%s, %s\n", o->threads,
            o->threads == 1 ? "" : "s", o->connections, o->connections == 1 ? "" : "s",
            result->open ? "open" : "closed",
            o->arrival == ARRIVAL_POISSON ? " with Poisson arrivals" : "",
            o->null ? "no server: answers from memory" : r->engine->name);
    print_latency(out, result);
    if (o->latency_table)
        print_table(out, result->latency);
    fprintf(out, "  %llu requests in %s, %s read\n", (unsigned long long)ok,
            time_text(text[0], (double)result->window_ns),
            bytes_text(text[1], (double)result->window.n[COUNT_BYTES_IN]));
    if (result->open)
        print_open(out, o, result);
    print_outcomes(out, r, result);
    print_generator(out, result);
    fprintf(out, "Requests/sec: %12.2f\n", result->requests_per_second);
    if (seconds > 0)
        fprintf(out, "Transfer/sec: %12s\n",
                bytes_text(text[0], (double)result->window.n[COUNT_BYTES_IN] / seconds));
}
