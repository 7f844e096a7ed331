#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/wide.h"
#include "loadgen/report/fail_if.h"
#include "loadgen/report/hosts.h"
#include "loadgen/report/json_put.h"
#include "loadgen/report/output.h"
#include "loadgen/report/report.h"
#include "loadgen/report/report_steps.h"
#include "loadgen/report/report_workload.h"

static json_t *outcomes(const struct result *result)
{
    json_t *o = json_object();
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        put_count(o, outcome_name(k), result->sum.window.n[k]);
    put_count(o, "in_flight", result->sum.in_flight_at_close);
    put_count(o, "unsent", result->sum.open_loop ? result->sum.open_loop->unsent : 0);
    return o;
}

static json_t *reasons(const struct result *result)
{
    json_t *o = json_object();
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        if (result->sum.reasons[k])
            put(o, outcome_name(k), json_string(result->sum.reasons[k]));
    return o;
}

static json_t *histogram(const struct histogram *h)
{
    json_t *o = json_object();
    json_t *buckets = json_array();
    struct histogram_bucket b = {0};
    char text[WIDE_TEXT];

    put(o, "unit", json_string("ns"));
    put_count(o, "significant_digits", HISTOGRAM_SIGNIFICANT_DIGITS);
    while (histogram_next(h, &b))
        json_array_append_new(buckets, json_pack("[I,I,I]", (json_int_t)b.lowest,
                                                 (json_int_t)b.highest, (json_int_t)b.count));
    put(o, "buckets", buckets);
    put(o, "min", h->count ? json_integer((json_int_t)h->min) : json_null());
    put(o, "max", h->count ? json_integer((json_int_t)h->max) : json_null());
    put(o, "sum", json_string(wide_format(h->sum, text)));
    put(o, "squares", json_string(wide_format(h->squares, text)));
    return o;
}

/* The histograms that this kind of run has, by name. */
static json_t *histograms(const struct result *result)
{
    const struct open_record *open = result->sum.open_loop;
    const struct {
        const char *name;
        const struct histogram *histogram;
    } all[] = {
        {"latency", result->sum.latency},
        {"response_time", open ? result->sum.latency : NULL},
        {"service_time", open ? &open->service : NULL},
        {"lateness", open ? &open->lateness : NULL},
        {"own_lateness", open ? &open->own_lateness : NULL},
        {"connect_time", result->sum.connect_time},
        {"first_byte", result->sum.first_byte},
    };
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].histogram)
            put(o, all[i].name, histogram(all[i].histogram));
    return o;
}

/* What there is in an open loop only; null where it is closed. */
static void put_open(json_t *root, const struct options *o, const struct result *result)
{
    const struct open_record *open = result->sum.open_loop;
    json_t *queue = open ? json_object() : json_null();
    json_t *drain = open ? json_object() : json_null();

    put(root, "arrival", open ? json_string(arrival_name(o->arrival)) : json_null());
    put(root, "rate_asked",
        open ? json_real(options_own_rate(o, 0, result->window_ns)) : json_null());
    put(root, "rate_profile", report_rate_profile(o));
    put(root, "steps", report_steps(o, result));
    put(root, "rate_delivered", open ? json_real(result->rate_delivered) : json_null());
    put(root, "scheduled", open ? json_integer((json_int_t)open->scheduled) : json_null());
    if (open) {
        put_count(queue, "max", open->queue_max);
        put_real(queue, "mean", result->queue_mean);
        put_count(queue, "waited", open->queue_waited);
        put_count(drain, "limit_ns", o->drain_ns);
        put_count(drain, "took_ns", result->sum.drain_took_ns);
        put_count(drain, "left", result->sum.in_flight_at_close + open->unsent);
    }
    put(root, "queue", queue);
    put(root, "drain", drain);
    put(root, "response_time", report_latency(open ? result->sum.latency : NULL));
    put(root, "service_time", report_latency(open ? &open->service : NULL));
    put(root, "lateness", report_latency(open ? &open->lateness : NULL));
    put(root, "own_lateness", report_latency(open ? &open->own_lateness : NULL));
}

/* [answers, connections with so many], in ascending order. */
static json_t *answers(const struct result *result)
{
    json_t *list = json_array();

    for (uint64_t i = 0, from; i < result->connections;) {
        for (from = i; i < result->connections && result->answers[i] == result->answers[from];)
            i++;
        json_array_append_new(list, json_pack("[I,I]", (json_int_t)result->answers[from],
                                              (json_int_t)(i - from)));
    }
    return list;
}

/* Null where no window opened, and where many did. */
static json_t *opening(const struct result *result)
{
    json_t *o = json_object();

    if (result->opened_unix_ns == 0) {
        json_decref(o);
        return json_null();
    }
    put_count(o, "unix_ns", result->opened_unix_ns);
    put_count(o, "late_ns", result->opened_late_ns);
    return o;
}

static json_t *fairness(const struct result *result)
{
    json_t *o = json_object();
    put_count(o, "min", result->fair_min);
    put_count(o, "median", result->fair_median);
    put_count(o, "max", result->fair_max);
    put_real(o, "jain", result->jain);
    put_count(o, "starved", result->starved);
    put(o, "answers", answers(result));
    return o;
}

static json_t *generator(const struct result *result)
{
    static const struct {
        const char *name;
        enum count count;
    } calls[] = {{"send", COUNT_SEND},
                 {"recv", COUNT_RECV},
                 {"epoll_wait", COUNT_EPOLL_WAIT},
                 {"epoll_ctl", COUNT_EPOLL_CTL},
                 {"io_uring_enter", COUNT_IO_URING_ENTER},
                 {"eagain", COUNT_EAGAIN}};
    json_t *o = json_object();
    json_t *syscalls = json_object();

    put_count(o, "cpu_us", result->sum.user_us + result->sum.system_us);
    put_count(o, "user_us", result->sum.user_us);
    put_count(o, "system_us", result->sum.system_us);
    put_real(o, "cpu_fraction", result->cpu_fraction);
    put_real(o, "max_thread_cpu_fraction", result->max_cpu_fraction);
    put_real(o, "cpu_us_per_request", result->cpu_us_per_request);
    put_count(o, "slept_ns", result->sum.slept_ns);
    put_real(o, "slept_fraction", result->slept_fraction);
    put_count(o, "spun_ns",
              result->sum.open_loop ? result->sum.open_loop->spun_ns : result->sum.spun_ns);
    put_real(o, "spun_fraction", result->spun_fraction);
    put_real(o, "coalesced_fraction", result->coalesced_fraction);
    put_count(o, "coalesced_slept_ns", result->sum.coalesced_slept_ns);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        put_count(syscalls, calls[i].name, result->sum.window.n[calls[i].count]);
    put(o, "syscalls", syscalls);
    return o;
}

static json_t *disturbance(const struct run *r, const struct result *result)
{
    const struct disturbance *d = &r->disturbance;
    struct cgroup_throttling quota = cgroup_throttled(&d->groups_before, &d->groups_after);
    json_t *o = json_object();

    put_count(o, "still_ns", result->still_ns);
    put_count(o, "quota_periods", quota.periods);
    put_count(o, "quota_throttled", quota.throttled);
    put_count(o, "quota_throttled_ns", quota.throttled_ns);
    put_real(o, "stolen_fraction", disturbance_stolen(d));
    put_count(o, "cpus", d->stolen_after.cpus);
    put_count(o, "cpus_seen", d->stolen_after.seen);
    return o;
}

static void put_setting(json_t *root, const struct run *r, const struct result *result)
{
    const struct options *o = r->options;
    char address[ADDR_TEXT_MAX];

    put(root, "version", json_string(IOM_VERSION));
    put(root, "url", report_url(o->url_text));
    put(root, "address",
        o->null ? json_null() : report_url(addr_format(&o->url.addr, address)));
    put(root, "protocol", json_string(url_protocol_name(o->url.protocol)));
    put(root, "method", o->url.protocol == URL_HTTP ? json_string(o->method) : json_null());
    put_count(root, "data_bytes", o->data_size);
    put(root, "mode", json_string(result->sum.open_loop ? "open" : "closed"));
    put(root, "engine", json_string(r->engine->name));
    put_count(root, "connections", o->connections);
    put_count(root, "threads", o->threads);
    put_count(root, "payload", o->payload);
    put_count(root, "seed", o->seed);
    put_count(root, "pipeline", o->pipeline);
    put_count(root, "requests_per_connection", o->per_connection);
    put(root, "close", json_string(o->close_by_reset ? "rst" : "fin"));
    put_count(root, "think_ns", o->think_ns);
    put_count(root, "spread_ns", o->spread_ns);
    put(root, "spin", json_boolean(o->spin));
}

static json_t *everything(const struct run *r, const struct result *result,
                          const struct search *search)
{
    const struct options *o = r->options;
    json_t *root = json_object();

    put_setting(root, r, result);
    put(root, "interrupted", json_boolean(run_stopped((struct run *)r)));
    put_count(root, "connected", r->connected);
    put_count(root, "settled", r->settled);
    put_count(root, "settle_ns", o->settle_ns);
    put(root, "windows", o->windows ? json_integer(r->windows.count) : json_null());
    put(root, "opened", opening(result));
    put_count(root, "window_ns", result->window_ns);
    put_count(root, "warmup_ns", o->warmup_ns);
    put_count(root, "requests", result->sum.window.n[COUNT_OK]);
    put_count(root, "bytes_in", result->sum.window.n[COUNT_BYTES_IN]);
    put_count(root, "bytes_out", result->sum.window.n[COUNT_BYTES_OUT]);
    put_real(root, "requests_per_second", result->requests_per_second);
    put_count(root, "started", result->sum.window.n[COUNT_STARTED]);
    put_count(root, "in_flight_at_start", result->sum.in_flight_at_open);
    put_count(root, "unsolicited", result->sum.window.n[COUNT_UNSOLICITED]);
    put_count(root, "oldest_in_flight_ns", result->sum.oldest_in_flight_ns);
    put_count(root, "connects", result->sum.window.n[COUNT_CONNECTS]);
    put(root, "outcomes", outcomes(result));
    put(root, "reasons", reasons(result));
    put(root, "latency", report_latency(result->sum.latency));
    put_open(root, o, result);
    put(root, "connect_time", report_latency(result->sum.connect_time));
    put(root, "first_byte", report_latency(result->sum.first_byte));
    put(root, "histogram", histogram(result->sum.latency));
    put(root, "histograms", histograms(result));
    put(root, "fairness", fairness(result));
    put(root, "generator", generator(result));
    put(root, "disturbance", disturbance(r, result));
    put(root, "urls", report_urls(r, result));
    put(root, "urls_left_out", report_urls_left_out(r, result));
    put(root, "sources", report_sources(r));
    put(root, "background", report_background(r));
    put(root, "hosts", report_hosts(result->hosts));
    put(root, "search", report_search(search));
    put_real(root, "max_errors", (double)o->max_errors_ppm / 1e6);
    put(root, "body_rule", json_string(body_rule_name(o->body_rule)));
    put(root, "fail_if", fail_if_json(o, result));
    put(root, "verdict", json_string(result->verdict));
    put(root, "verdict_reason", json_string(result->verdict_reason));
    return root;
}

bool report_json(const char *path, const struct run *r, const struct result *result,
                 const struct search *search)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *out = standard ? stdout : output_open(path);
    if (!out)
        return false;

    json_t *root = everything(r, result, search);
    bool good = json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0;
    json_decref(root);
    good &= putc('\n', out) != EOF;
    return standard || output_close(out, path, good);
}
