#include "loadgen/report/report_workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/report/json_put.h"

/* A report with more would be of no use, and large. */
#define URLS_LISTED 1000

json_t *report_url(const char *url)
{
    json_t *value = json_string(url);

    if (value)
        return value;
    char *text = xmalloc(3 * strlen(url) + 1);
    size_t n = 0;
    for (; *url; url++) {
        if ((unsigned char)*url < 0x80)
            text[n++] = *url;
        else
            n += (size_t)sprintf(text + n, "%%%02X", (unsigned)(unsigned char)*url);
    }
    text[n] = '\0';
    value = json_string(text);
    free(text);
    return value;
}

static void put_percentile(json_t *o, const char *key, const struct histogram *h, uint32_t ppm)
{
    uint64_t value;
    if (histogram_percentile(h, ppm, &value))
        put_count(o, key, value);
    else
        put(o, key, json_null());
}

json_t *report_latency(const struct histogram *h)
{
    if (!h)
        return json_null();
    json_t *o = json_object();
    bool empty = h->count == 0;

    put_count(o, "count", h->count);
    put(o, "min", empty ? json_null() : json_integer((json_int_t)h->min));
    put(o, "mean", empty ? json_null() : json_integer((json_int_t)(histogram_mean(h) + 0.5)));
    put(o, "stddev",
        empty ? json_null() : json_integer((json_int_t)(histogram_stddev(h) + 0.5)));
    put(o, "max", empty ? json_null() : json_integer((json_int_t)h->max));
    put_percentile(o, "p50", h, 500000);
    put_percentile(o, "p75", h, 750000);
    put_percentile(o, "p90", h, 900000);
    put_percentile(o, "p95", h, 950000);
    put_percentile(o, "p99", h, 990000);
    put_percentile(o, "p999", h, 999000);
    put_percentile(o, "p9999", h, 999900);
    return o;
}

uint32_t report_choose_urls(const struct result *result, uint32_t count, uint32_t most,
                            uint32_t *chosen)
{
    uint32_t failed = 0;
    uint32_t n = 0;

    for (uint32_t i = 0; i < count; i++)
        failed += outcomes_failed(result->sum.by_target[i]) > 0;
    uint32_t others = failed < most ? most - failed : 0; /* places for URLs without failures */
    for (uint32_t i = 0; i < count && n < most; i++) {
        bool bad = outcomes_failed(result->sum.by_target[i]) > 0;
        if (!bad && others == 0)
            continue;
        others -= !bad;
        chosen[n++] = i;
    }
    return n;
}

static void put_outcomes(json_t *o, const uint64_t outcomes[COUNT_OUTCOMES])
{
    put_count(o, "requests", outcomes[COUNT_OK]);
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        put_count(o, outcome_name(k), outcomes[k]);
}

json_t *report_urls(const struct run *r, const struct result *result)
{
    json_t *list = json_array();
    uint32_t chosen[URLS_LISTED];
    uint32_t n = report_choose_urls(result, r->options->url_count, URLS_LISTED, chosen);

    for (uint32_t k = 0; k < n; k++) {
        const struct asked_url *u = &r->options->urls[chosen[k]];
        json_t *o = json_object();
        put(o, "url", report_url(u->text));
        put_count(o, "weight", u->weight);
        put_outcomes(o, result->sum.by_target[chosen[k]]);
        json_array_append_new(list, o);
    }
    return list;
}

json_t *report_urls_left_out(const struct run *r, const struct result *result)
{
    uint32_t chosen[URLS_LISTED];
    uint32_t count = r->options->url_count;
    uint32_t n = report_choose_urls(result, count, URLS_LISTED, chosen);
    uint64_t sum[COUNT_OUTCOMES] = {0};

    if (n == count)
        return json_null();
    for (uint32_t i = 0, k = 0; i < count; i++) {
        if (k < n && chosen[k] == i) {
            k++;
            continue;
        }
        for (unsigned outcome = 0; outcome < COUNT_OUTCOMES; outcome++)
            sum[outcome] += result->sum.by_target[i][outcome];
    }
    json_t *o = json_object();
    put_count(o, "urls", count - n);
    put_outcomes(o, sum);
    return o;
}

json_t *report_sources(const struct run *r)
{
    json_t *list = json_array();
    char text[SOURCE_TEXT_MAX];

    for (uint32_t i = 0; i < r->sources.count; i++)
        if (atomic_load(&r->sources.list[i].used))
            json_array_append_new(list, json_string(source_format(&r->sources.list[i], text)));
    return list;
}

json_t *report_background(const struct run *r)
{
    json_t *all = json_object();

    for (unsigned kind = 0; kind < BACKGROUND_KINDS; kind++) {
        const struct background_count *count = &r->background.counts[kind];
        json_t *o = json_object();
        put_count(o, "asked", count->asked);
        put_count(o, "open", count->open_at_end);
        put_count(o, "lost", count->lost_at_end);
        put(all, background_name(kind), o);
    }
    put_count(all, "cpu_us", r->background.cpu_us);
    return all;
}

/* A rate in requests a second; null where there is none. */
static json_t *rate(uint64_t milli)
{
    return milli ? json_real((double)milli / 1e3) : json_null();
}

json_t *report_search(const struct search *search)
{
    if (!search)
        return json_null();

    json_t *all = json_object();
    json_t *probes = json_array();
    for (uint32_t i = 0; i < search->count; i++) {
        const struct search_probe *p = &search->probes[i];
        json_t *o = json_object();
        put(o, "rate", rate(p->rate_milli));
        put(o, "kept", json_boolean(p->kept));
        put(o, "value_ns", p->has_value ? json_integer((json_int_t)p->value_ns) : json_null());
        put(o, "verdict", json_string(p->verdict));
        json_array_append_new(probes, o);
    }
    put(all, "goal", json_string(search->goal->text));
    put(all, "low", rate(search->low_milli));
    put(all, "high", rate(search->high_milli));
    put(all, "interrupted", json_boolean(search->interrupted || search->why_lost[0]));
    put(all, "probes", probes);
    return all;
}
