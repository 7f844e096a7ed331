#include "bench/merge/merge.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/merge/load_histogram.h"
#include "bench/merge/merge_hosts.h"

/* How a member of several reports becomes one. */
enum rule {
    SAME,   /* it must be the same in all */
    COMMON, /* null where it is not the same in all */
    FIRST,  /* that of the first report */
    SUM,
    MAX,
    OR,
    NONE, /* it must be null or empty: it cannot be merged */
};

/* "a.b" is member b of object a. What is not here is computed below. */
static const struct {
    const char *path;
    enum rule rule;
} members[] = {
    {"version", SAME},
    {"url", SAME},
    {"protocol", SAME},
    {"method", SAME},
    {"data_bytes", SAME},
    {"mode", SAME},
    {"arrival", SAME},
    {"payload", SAME},
    {"pipeline", SAME},
    {"requests_per_connection", SAME},
    {"close", SAME},
    {"think_ns", SAME},
    {"spread_ns", SAME},
    {"spin", SAME},
    {"settle_ns", SAME},
    {"warmup_ns", SAME},
    {"max_errors", SAME},
    {"body_rule", SAME},
    {"address", COMMON},
    {"engine", COMMON},
    {"seed", FIRST},
    {"windows", NONE},
    {"search", NONE},
    {"rate_profile", NONE},
    {"steps", NONE},
    {"urls_left_out", NONE},
    {"interrupted", OR},
    {"rate_asked", SUM},
    {"scheduled", SUM},
    {"connections", SUM},
    {"threads", SUM},
    {"connected", SUM},
    {"settled", SUM},
    {"requests", SUM},
    {"bytes_in", SUM},
    {"bytes_out", SUM},
    {"started", SUM},
    {"in_flight_at_start", SUM},
    {"unsolicited", SUM},
    {"connects", SUM},
    {"oldest_in_flight_ns", MAX},
    {"outcomes.ok", SUM},
    {"outcomes.timeout", SUM},
    {"outcomes.reset", SUM},
    {"outcomes.refused", SUM},
    {"outcomes.eof", SUM},
    {"outcomes.corrupt", SUM},
    {"outcomes.non_2xx", SUM},
    {"outcomes.in_flight", SUM},
    {"outcomes.unsent", SUM},
    {"generator.cpu_us", SUM},
    {"generator.user_us", SUM},
    {"generator.system_us", SUM},
    {"generator.max_thread_cpu_fraction", MAX},
    {"generator.slept_ns", SUM},
    {"generator.spun_ns", SUM},
    {"generator.coalesced_slept_ns", SUM},
    {"generator.syscalls.send", SUM},
    {"generator.syscalls.recv", SUM},
    {"generator.syscalls.epoll_wait", SUM},
    {"generator.syscalls.epoll_ctl", SUM},
    {"generator.syscalls.io_uring_enter", SUM},
    {"generator.syscalls.eagain", SUM},
    {"disturbance.still_ns", MAX},
    {"disturbance.quota_periods", SUM},
    {"disturbance.quota_throttled", SUM},
    {"disturbance.quota_throttled_ns", SUM},
    {"disturbance.stolen_fraction", MAX},
    {"disturbance.cpus", SUM},
    {"disturbance.cpus_seen", SUM},
    {"background.idle.asked", SUM},
    {"background.idle.open", SUM},
    {"background.idle.lost", SUM},
    {"background.slow_readers.asked", SUM},
    {"background.slow_readers.open", SUM},
    {"background.slow_readers.lost", SUM},
    {"background.slow_senders.asked", SUM},
    {"background.slow_senders.open", SUM},
    {"background.slow_senders.lost", SUM},
    {"background.cpu_us", SUM},
};

/* Members of open loops; null in others. */
static const struct {
    const char *path;
    enum rule rule;
} open_members[] = {
    {"queue.max", SUM},     {"queue.waited", SUM}, {"drain.limit_ns", SAME},
    {"drain.took_ns", MAX}, {"drain.left", SUM},
};

/* The object that has the last part of `path`, and in `*name` that part. */
static json_t *object_of(json_t *root, const char *path, const char **name)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        root = json_object_getn(root, path, (size_t)(dot - path));
        path = dot + 1;
    }
    *name = path;
    return root;
}

/* NULL where it does not fit. */
static json_t *sum(const json_t *a, const json_t *b)
{
    json_int_t value;

    if (json_is_real(a) || json_is_real(b))
        return json_real(json_number_value(a) + json_number_value(b));
    if (__builtin_add_overflow(json_integer_value(a), json_integer_value(b), &value))
        return NULL;
    return json_integer(value);
}

/* Apply the rule to one member. Returns what is wrong, or NULL. */
static const char *apply(json_t *into, json_t *from, const char *path, enum rule rule)
{
    const char *name;
    json_t *object = object_of(into, path, &name);
    json_t *a = json_object_get(object, name);
    json_t *b = json_object_get(object_of(from, path, &name), name);
    bool numbers = json_is_number(a) && json_is_number(b);

    if (!a || !b)
        return "is missing";
    if (rule == SAME && !json_equal(a, b))
        return "is not the same";
    if (rule == COMMON && !json_equal(a, b))
        json_object_set_new(object, name, json_null());
    if (rule == NONE && !(json_is_null(a) && json_is_null(b)))
        return "cannot be merged";
    if (rule == OR && json_is_true(b))
        json_object_set_new(object, name, json_true());
    if (rule != SUM && rule != MAX)
        return NULL;
    if (json_is_null(a) && json_is_null(b))
        return NULL;
    if (!numbers)
        return "is no number";
    if (rule == SUM)
        return json_object_set_new(object, name, sum(a, b)) == 0 ? NULL : "is too large";
    if (json_number_value(b) > json_number_value(a))
        json_object_set(object, name, b);
    return NULL;
}

/* `alone`: it is the first report, which `into` is a copy of. */
static bool merge_members(json_t *into, const struct merge_input *in, const char *first,
                          bool alone, char *why, size_t size)
{
    const char *what = NULL, *path = NULL;
    bool open = strcmp(json_text(into, "mode", ""), "open") == 0;

    for (size_t i = 0; i < sizeof members / sizeof members[0] && !what; i++)
        if (!alone || members[i].rule == NONE)
            what = apply(into, in->report, path = members[i].path, members[i].rule);
    for (size_t i = 0;
         open && !alone && i < sizeof open_members / sizeof open_members[0] && !what; i++)
        what = apply(into, in->report, path = open_members[i].path, open_members[i].rule);
    if (what && alone)
        snprintf(why, size, "%s: '%s' %s", first, path, what);
    else if (what)
        snprintf(why, size, "%s and %s are not of one load: '%s' %s", first, in->name, path,
                 what);
    return !what;
}

/* The first cause of each outcome. */
static void merge_reasons(json_t *into, const json_t *from)
{
    json_object_update_missing(json_object_get(into, "reasons"),
                               json_object_get(from, "reasons"));
}

static bool merge_urls(json_t *into, const struct merge_input *in, char *why, size_t size)
{
    json_t *a = json_object_get(into, "urls"), *b = json_object_get(in->report, "urls");
    const char *key;
    json_t *url, *value;
    size_t i;

    if (json_array_size(a) != json_array_size(b)) {
        snprintf(why, size, "%s: it has other URLs", in->name);
        return false;
    }
    json_array_foreach(a, i, url)
    {
        const json_t *other = json_array_get(b, i);
        if (strcmp(json_text(url, "url", ""), json_text(other, "url", "?")) != 0) {
            snprintf(why, size, "%s: it has other URLs", in->name);
            return false;
        }
        json_object_foreach(url, key,
                            value) if (json_is_integer(value) && strcmp(key, "weight") != 0)
            json_integer_set(value, json_integer_value(value) +
                                        json_integer_value(json_object_get(other, key)));
    }
    return true;
}

static void merge_sources(json_t *into, const json_t *from)
{
    json_t *a = json_object_get(into, "sources"), *source, *known;
    size_t i, k;

    json_array_foreach(json_object_get(from, "sources"), i, source)
    {
        bool there = false;
        json_array_foreach(a, k, known) there |= json_equal(known, source);
        if (!there)
            json_array_append(a, source);
    }
}

/* Each histogram that the first report has, and its times. */
static bool merge_histograms(json_t *into, const struct merge_input *inputs, size_t count,
                             char *why, size_t size)
{
    json_t *all = json_object_get(into, "histograms"), *old;
    static struct histogram h;
    const char *name;
    void *next;
    char fault[128];

    json_object_foreach_safe(all, next, name, old)
    {
        histogram_init(&h);
        for (size_t i = 0; i < count; i++) {
            const json_t *of = json_object_get(inputs[i].report, "histograms");
            if (!load_histogram_add(&h, json_object_get(of, name), fault, sizeof fault)) {
                snprintf(why, size, "%s: its histogram '%s' has %s", inputs[i].name, name,
                         fault);
                return false;
            }
        }
        if (strcmp(name, "latency") == 0)
            json_object_set_new(into, "histogram", load_histogram_json(&h));
        json_object_set_new(into, name, load_histogram_times(&h));
        json_object_set_new(all, name, load_histogram_json(&h));
    }
    if (!json_object_get(all, "latency"))
        snprintf(why, size, "%s: it has no histogram", inputs[0].name);
    return json_object_get(all, "latency");
}

/* A share of the threads' time, from those of the reports. */
static double mean_share(const struct merge_input *inputs, size_t count, const char *name)
{
    double sum = 0, weights = 0;

    for (size_t i = 0; i < count; i++) {
        const json_t *r = inputs[i].report;
        double weight = json_number(r, NULL, "threads") * json_number(r, NULL, "window_ns");
        sum += weight * json_number(r, "generator", name);
        weights += weight;
    }
    return weights > 0 ? sum / weights : 0;
}

/* Figures that are a count over the length of the window. */
static void merge_rates(json_t *into, const struct merge_input *inputs, size_t count)
{
    double window = json_number(into, NULL, "window_ns"), sent = 0, area = 0;
    double answered = 0; /* in the windows: in an open loop others come after them */
    json_t *generator = json_object_get(into, "generator");
    static const char *const shares[] = {"cpu_fraction", "slept_fraction", "spun_fraction",
                                         "coalesced_fraction"};

    for (size_t i = 0; i < count; i++) {
        const json_t *r = inputs[i].report;
        double own = json_number(r, NULL, "window_ns");
        answered += round(json_number(r, NULL, "requests_per_second") * own / 1e9);
        sent += round(json_number(r, NULL, "rate_delivered") * own / 1e9);
        area += json_number(r, "queue", "mean") * own;
    }
    json_object_set_new(into, "requests_per_second",
                        json_real(window > 0 ? answered * 1e9 / window : 0));
    if (json_is_object(json_object_get(into, "queue"))) {
        json_object_set_new(into, "rate_delivered",
                            json_real(window > 0 ? sent * 1e9 / window : 0));
        json_object_set_new(json_object_get(into, "queue"), "mean",
                            json_real(window > 0 ? area / window : 0));
    }
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        json_object_set_new(generator, shares[i],
                            json_real(mean_share(inputs, count, shares[i])));
    json_object_set_new(
        generator, "cpu_us_per_request",
        json_real(answered > 0 ? json_number(into, "generator", "cpu_us") / answered : 0));
}

json_t *merge(const struct merge_input *inputs, size_t count, char *why, size_t size)
{
    json_t *into = json_deep_copy(inputs[0].report);
    bool good = true;

    for (size_t i = 0; i < count && good; i++) {
        good = merge_members(into, &inputs[i], inputs[0].name, i == 0, why, size) &&
               (i == 0 || merge_urls(into, &inputs[i], why, size));
        merge_reasons(into, inputs[i].report);
        merge_sources(into, inputs[i].report);
    }
    good = good && merge_histograms(into, inputs, count, why, size) &&
           merge_fairness(into, inputs, count, why, size);
    if (!good) {
        json_decref(into);
        return NULL;
    }
    merge_hosts(into, inputs, count);
    merge_rates(into, inputs, count);
    json_object_set_new(into, "fail_if", json_array());
    return into;
}
