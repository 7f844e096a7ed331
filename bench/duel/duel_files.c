#include "bench/duel/duel_files.h"

#include <math.h>

#include "bench/base/json_get.h"
#include "common/clock.h"

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Of ratios; from logs of how many times A is faster. */
static json_t *interval_json(enum duel_metric metric, struct interval i)
{
    double ends[] = {duel_ratio(metric, i.low), duel_ratio(metric, i.high)};
    return json_pack("[o,o]", number(fmin(ends[0], ends[1])), number(fmax(ends[0], ends[1])));
}

json_t *duel_json_begin(const struct duel_spec *spec)
{
    char server[256], generator[256], seed[24];
    placement_format(&spec->placement->server, server, sizeof server);
    placement_format(&spec->placement->generator, generator, sizeof generator);
    /* As a text: a 64-bit number is more than many readers of JSON can hold. */
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)spec->seed);
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:s, s:i, s:s, s:f, s:f, s:i, s:s, s:s, s:s, s:s, s:b, s:{}, s:[]}",
        "version", 1, "a", spec->contestants[0].text, "b", spec->contestants[1].text,
        "protocol", protocol_names[spec->protocol], "connections", (int)spec->connections,
        "metric", duel_metric_names[spec->metric], "within", expm1(spec->margin), "window_s",
        (double)spec->window_ns / NS_PER_S, "pairs_per_session", (int)spec->pairs, "seed", seed,
        "estimator", estimator_names[duel_estimator], "server_cpus", server, "generator_cpus",
        generator, "cpus_shared", spec->placement->shared, "verdicts", "duels");
    json = json_checked(json, "the names of the servers");
    for (int v = 0; v < DUEL_VERDICTS; v++)
        json_object_set_new(json_object_get(json, "verdicts"), duel_verdict_names[v],
                            json_integer(0));
    return json;
}

void duel_json_add(json_t *json, const struct duel *d)
{
    enum duel_metric metric = d->spec->metric;
    const char *verdict = duel_verdict_names[d->look.verdict];
    json_t *counted = json_object_get(json_object_get(json, "verdicts"), verdict);
    json_integer_set(counted, json_integer_value(counted) + 1);
    json_array_append_new(
        json_object_get(json, "duels"),
        json_pack(
            "{s:s, s:o, s:o, s:o, s:i, s:i, s:i, s:f, s:o, s:o, s:b, s:b, s:[o,o], s:[o,o]}",
            "verdict", verdict, "ratio", number(duel_ratio(metric, d->look.middle)), "interval",
            interval_json(metric, d->interval), "interval_always_valid",
            interval_json(metric, d->always), "sessions", (int)d->session_count, "pairs",
            (int)d->pair_count, "repeated_windows", (int)d->repeated, "seconds", d->seconds,
            "stolen_s", number(d->stolen_s), "other_s", number(d->other_s),
            "a_stopped_when_idle", d->burns[0], "b_stopped_when_idle", d->burns[1],
            "server_busy", number(d->server_busy[0]), number(d->server_busy[1]),
            "generator_busy", number(d->generator_busy[0]), number(d->generator_busy[1])));
}

void duel_csv_head(FILE *f)
{
    fputs(
        "duel,session,pair,order,side,window_ns,requests,failed,mean_ns,p50_ns,p90_ns,p99_ns,"
        "max_ns,active_ns,active_requests,server_cpu_ns,generator_cpu_ns,generator_slept_ns\n",
        f);
}

void duel_csv_add(FILE *f, unsigned duel, const struct duel *d)
{
    for (size_t i = 0; i < d->window_count; i++) {
        const struct duel_window *w = &d->windows[i];
        fprintf(f,
                "%u,%u,%u,%u,%c,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,"
                "%.0f\n",
                duel, w->session, w->pair, w->order, "AB"[w->side], w -> of.window_ns,
                w->of.requests, w->of.failed, w->of.mean_ns, w->of.p50_ns, w->of.p90_ns,
                w->of.p99_ns, w->of.max_ns, w->of.active_ns, w->of.active_requests,
                w->server_cpu_ns, w->of.cpu_ns, w->of.slept_ns);
    }
}
