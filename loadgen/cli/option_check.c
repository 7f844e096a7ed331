/* Options that need or exclude one another. */
#include <fcntl.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/cli/options.h"

/* Without --drain. A request that is sent last thing in the window must come to its timeout before
 * the drain is over, or it is by chance whether it counts as that or as in flight: timeouts are
 * looked for a little late. */
static uint64_t default_drain(uint64_t timeout_ns)
{
    return clock_after(timeout_ns, timeout_ns / 10 + 100 * NS_PER_MS);
}

static void check_load(struct options *o)
{
    bool open = o->rate_milli > 0 || o->goal.text;

    if (!open && o->arrival != ARRIVAL_CONSTANT)
        die_usage("--arrival: there is a schedule in open loop only, with --rate");
    if (!open && o->drain_ns != OPTION_UNSET)
        die_usage("--drain: there is something to drain in open loop only, with --rate");
    if (o->rate_milli > o->threads * OPTION_RATE_MAX_MILLI)
        die_usage("--rate: %.1fM a second from %u threads: each can keep count of 10M at most",
                  (double)o->rate_milli / 1e9, o->threads);
    if (open && o->think_ns > 0)
        die_usage("--think: a pause after an answer makes no sense with --rate");
    if (open && o->spread_ns > 0)
        die_usage("--spread: an open loop has a schedule, with --rate");
    if (o->think_ns > 0 && o->pipeline > 1)
        die_usage("--think: a pause after each answer makes no sense with --pipeline");
    if (open && o->spin)
        die_usage("--spin: in a closed loop only; an open loop wakes by its schedule");
    if (o->null && o->engine != ENGINE_AUTO)
        die_usage("--null: it takes the place of an --engine");
    if (o->null && (o->source || o->idle || o->slow_readers || o->slow_senders))
        die_usage("--null: there is nothing to connect to");
    if (o->profile.count > 0 && o->goal.text)
        die_usage("--search: it looks for one rate, and --rate %s is many", o->rate);
    o->profile.lead_ns = o->warmup_ns;
    if (o->drain_ns == OPTION_UNSET)
        o->drain_ns = default_drain(o->timeout_ns);
}

/* The one that is written last would be all there is; devices take it from everybody. */
static void check_file(const char *option, const char *path, const char *other,
                       const char *same)
{
    if (path && strcmp(path, "-") == 0)
        die_usage("%s: takes a file; standard output is for the summary, or --json", option);
    if (path && same && strcmp(path, same) == 0 && strncmp(path, "/dev/", 5) != 0)
        die_usage("%s and %s: both would be written to '%s'", option, other, path);
}

static void check_output(const struct options *o)
{
    check_file("--hgrm", o->hgrm, "--json", o->json);
    check_file("--csv", o->csv, "--json", o->json);
    check_file("--csv", o->csv, "--hgrm", o->hgrm);
    if (!o->interval_ns != !o->csv)
        die_usage("%s: needs %s too", o->csv ? "--csv" : "--interval",
                  o->csv ? "--interval" : "--csv");
}

static void check_search(const struct options *o)
{
    if (!o->goal.text)
        return;
    if (o->requests)
        die_usage("--search: a probe lasts as long as --duration says, not --requests");
    if (o->csv)
        die_usage("--search: a time series is of one run, and --csv would be of many");
    if (o->hold || o->events_fd >= 0)
        die_usage("--search: --hold and --events-fd are about one run");
    if (o->fail_if_count > 0)
        die_usage("--search: it has a goal, and --fail-if is about one run");
}

static void check_echo(const struct options *o)
{
    if (o->url.protocol != URL_ECHO)
        return;
    if (o->method)
        die_usage("--method: the echo protocol has no methods");
    if (o->data)
        die_usage("--data: an echo message is made by --payload");
    if (o->headers[0])
        die_usage("--header: the echo protocol has no headers");
    if (o->body_rule != BODY_SAME)
        die_usage("--body: what an echo must be is known");
}

static void check_request(struct options *o)
{
    check_echo(o);
    if (!o->method)
        o->method = o->data ? "POST" : "GET";
    if (o->data && strcmp(o->method, "TRACE") == 0)
        die_usage("--data: a TRACE has no body (RFC 9110, section 9.3.8)");
    if (o->body && strcmp(o->method, "HEAD") == 0)
        die_usage("--body: the answer to a HEAD has none");
    if (o->data_from_stdin && o->urls_from_stdin)
        die_usage("--data and --urls: both read standard input");
    if ((o->data_from_stdin || o->urls_from_stdin) && o->hold)
        die_usage("--hold: it waits for the end of standard input, which %s has read",
                  o->data_from_stdin ? "--data" : "--urls");
    if (o->data_size > OPTION_DATA_MAX / o->url_count)
        die_usage("--data: %zu bytes for each of %u URLs are more than %zu", o->data_size,
                  o->url_count, OPTION_DATA_MAX);
}

void options_check_windows(struct options *o)
{
    static const char needs[] = "--windows: each window is ordered by a line of standard input";

    if (!o->windows)
        return;
    if (o->rate_milli > 0 || o->goal.text)
        die_usage("--windows: in a closed loop only, and %s makes an open one",
                  o->goal.text ? "--search" : "--rate");
    if (o->duration_ns > 0 || o->requests > 0 || o->warmup_ns > 0)
        die_usage("%s, not by %s", needs,
                  o->duration_ns > 0 ? "--duration"
                  : o->requests > 0  ? "--requests"
                                     : "--warmup");
    if (o->csv)
        die_usage("--csv: a time series is of one window, and --windows has many");
    if (o->hold || o->data_from_stdin || o->urls_from_stdin)
        die_usage("%s, which %s reads as well", needs,
                  o->hold              ? "--hold"
                  : o->data_from_stdin ? "--data"
                                       : "--urls");
    if (o->events_fd < 0)
        die_usage("--windows: needs --events-fd, where each window is told");
    o->quiet = true;
}

static void check_gate(const struct options *o)
{
    if (!o->gate)
        return;
    if (o->data_from_stdin || o->urls_from_stdin)
        die_usage("--gate: it waits for a line of standard input, which %s has read",
                  o->data_from_stdin ? "--data" : "--urls");
    if (o->goal.text)
        die_usage("--gate: it begins one run, and --search makes many");
    if (o->windows)
        die_usage("--gate: standard input orders the windows of --windows");
}

void options_check(struct options *o)
{
    check_gate(o);
    check_load(o);
    check_output(o);
    check_search(o);
    check_request(o);
    if (o->threads > o->connections)
        die_usage("--threads: %u threads for %u connections: each needs one at least",
                  o->threads, o->connections);
    if (o->events_fd >= 0 && fcntl(o->events_fd, F_GETFD) < 0)
        die_usage("--events-fd: descriptor %d is not open", o->events_fd);
}
