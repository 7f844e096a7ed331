#include "bench/merge/merge_hosts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "common/err.h"

/* So many connections had so many answers. */
struct answers {
    uint64_t answers, connections;
};

static int by_answers(const void *a, const void *b)
{
    uint64_t x = ((const struct answers *)a)->answers;
    uint64_t y = ((const struct answers *)b)->answers;
    return (x > y) - (x < y);
}

static uint64_t item(const json_t *pair, size_t i)
{
    return (uint64_t)json_integer_value(json_array_get(pair, i));
}

/* The answers of the connection with number `rank` in ascending order. */
static uint64_t at_rank(const struct answers *all, size_t n, uint64_t rank)
{
    size_t i = 0;

    while (i + 1 < n && rank >= all[i].connections)
        rank -= all[i++].connections;
    return all[i].answers;
}

/* Neighbours that are equal become one. Returns how many are left. */
static size_t join_equal(struct answers *all, size_t n)
{
    size_t kept = 0;

    qsort(all, n, sizeof *all, by_answers);
    for (size_t i = 1; i < n; i++) {
        if (all[i].answers == all[kept].answers)
            all[kept].connections += all[i].connections;
        else
            all[++kept] = all[i];
    }
    return kept + 1;
}

static json_t *fairness(const struct answers *all, size_t n)
{
    json_t *o = json_object(), *list = json_array();
    double sum = 0, squares = 0;
    uint64_t connections = 0;

    for (size_t i = 0; i < n; i++) {
        double k = (double)all[i].connections, x = (double)all[i].answers;
        connections += all[i].connections;
        sum += k * x;
        squares += k * x * x;
        json_array_append_new(list, json_pack("[I,I]", (json_int_t)all[i].answers,
                                              (json_int_t)all[i].connections));
    }
    double jain = squares > 0 ? sum * sum / ((double)connections * squares) : 0;
    json_object_set_new(o, "min", json_integer((json_int_t)all[0].answers));
    json_object_set_new(o, "median",
                        json_integer((json_int_t)at_rank(all, n, (connections - 1) / 2)));
    json_object_set_new(o, "max", json_integer((json_int_t)all[n - 1].answers));
    json_object_set_new(o, "jain", json_real(jain));
    json_object_set_new(o, "starved",
                        json_integer(all[0].answers == 0 ? (json_int_t)all[0].connections : 0));
    json_object_set_new(o, "answers", list);
    return o;
}

bool merge_fairness(json_t *into, const struct merge_input *inputs, size_t count, char *why,
                    size_t size)
{
    struct answers *all = NULL;
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        const json_t *of = json_object_get(inputs[i].report, "fairness");
        const json_t *list = json_object_get(of, "answers"), *pair;
        size_t k;
        if (json_array_size(list) == 0) {
            snprintf(why, size, "%s: its 'fairness' has no 'answers'", inputs[i].name);
            free(all);
            return false;
        }
        all = xrealloc(all, (n + json_array_size(list)) * sizeof *all);
        json_array_foreach(list, k, pair) all[n++] =
            (struct answers){item(pair, 0), item(pair, 1)};
    }
    json_object_set_new(into, "fairness", fairness(all, join_equal(all, n)));
    free(all);
    return true;
}

/* A window, by the clock of its machine's wall. */
struct span {
    bool opened;
    uint64_t from, to; /* as it was planned */
    uint64_t in;       /* when the last thread was in it */
};

static uint64_t number(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static struct span span_of(const json_t *report)
{
    const json_t *opened = json_object_get(report, "opened");
    uint64_t from = number(opened, "unix_ns");

    return (struct span){.opened = json_is_object(opened),
                         .from = from,
                         .to = from + number(report, "window_ns"),
                         .in = from + number(opened, "late_ns")};
}

/* All windows as one:
 * `last_in` becomes when the last was entered, `in` of it is when the first was. */
static struct span unite(const struct merge_input *inputs, size_t count, uint64_t *last_in)
{
    struct span all = {0};

    *last_in = 0;
    for (size_t i = 0; i < count; i++) {
        struct span s = span_of(inputs[i].report);
        if (!s.opened)
            continue;
        all.from = !all.opened || s.from < all.from ? s.from : all.from;
        all.in = !all.opened || s.in < all.in ? s.in : all.in;
        all.to = s.to > all.to ? s.to : all.to;
        *last_in = s.in > *last_in ? s.in : *last_in;
        all.opened = true;
    }
    return all;
}

static json_t *host(const struct merge_input *in, const struct span *all)
{
    static const char *const copied[] = {"requests", "window_ns", "verdict", "verdict_reason"};
    json_t *o = json_object();
    struct span s = span_of(in->report);

    json_object_set_new(o, "name", json_text_or_null(in->name));
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++)
        json_object_set(o, copied[i], json_object_get(in->report, copied[i]));
    json_object_set_new(o, "cpu_fraction",
                        json_real(json_number(in->report, "generator", "cpu_fraction")));
    json_object_set_new(o, "opened_ns",
                        json_integer(s.opened ? (json_int_t)(s.in - all->in) : 0));
    json_object_set_new(o, "offset_ns", json_null());
    json_object_set_new(o, "bound_ns", json_null());
    return o;
}

static int badness(const char *verdict)
{
    static const char *const worse[] = {"ok", "generator-limited", "FAILED", "INVALID"};

    for (int i = 0; i < 4; i++)
        if (strcmp(verdict, worse[i]) == 0)
            return i;
    return 3;
}

static void judge(json_t *into, const struct merge_input *inputs, size_t count, uint64_t skew)
{
    double window = json_number(into, NULL, "window_ns");
    const struct merge_input *worst = &inputs[0];
    char *reason;

    for (size_t i = 1; i < count; i++)
        if (badness(json_text(inputs[i].report, "verdict", "")) >
            badness(json_text(worst->report, "verdict", "")))
            worst = &inputs[i];
    const char *verdict = json_text(worst->report, "verdict", "INVALID");
    if (badness(verdict) < badness("INVALID") && (double)skew > MERGE_SKEW * window) {
        verdict = "INVALID";
        reason = text_format("the windows did not open together: %.3f ms from the first to the "
                             "last, of %.3f s",
                             (double)skew / 1e6, window / 1e9);
    } else {
        const char *why = json_text(worst->report, "verdict_reason", "");
        reason = *why ? text_format("%s: %s", worst->name, why) : text_format("%s", "");
    }
    json_object_set_new(into, "verdict", json_string(verdict));
    json_object_set_new(into, "verdict_reason", json_string(reason));
    free(reason);
}

void merge_hosts(json_t *into, const struct merge_input *inputs, size_t count)
{
    json_t *hosts = json_object(), *each = json_array();
    uint64_t last_in;
    struct span all = unite(inputs, count, &last_in);
    uint64_t skew = last_in - all.in;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(each, host(&inputs[i], &all));
    json_object_set_new(hosts, "skew_ns", json_integer((json_int_t)skew));
    json_object_set_new(hosts, "bound_ns", json_null());
    json_object_set_new(hosts, "each", each);
    json_object_set_new(into, "hosts", hosts);
    json_object_set_new(into, "window_ns", json_integer((json_int_t)(all.to - all.from)));
    json_object_set_new(into, "opened",
                        all.opened ? json_pack("{s:I,s:I}", "unix_ns", (json_int_t)all.from,
                                               "late_ns", (json_int_t)(last_in - all.from))
                                   : json_null());
    judge(into, inputs, count, skew);
}
