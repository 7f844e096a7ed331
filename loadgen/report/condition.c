#include "loadgen/report/condition.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "loadgen/report/result.h"

static const struct metric {
    const char *name;
    enum condition_metric metric;
    enum condition_unit unit;
    uint32_t ppm;
} metrics[] = {
    {"p50", CONDITION_PERCENTILE, CONDITION_NS, 500000},
    {"p75", CONDITION_PERCENTILE, CONDITION_NS, 750000},
    {"p90", CONDITION_PERCENTILE, CONDITION_NS, 900000},
    {"p95", CONDITION_PERCENTILE, CONDITION_NS, 950000},
    {"p99", CONDITION_PERCENTILE, CONDITION_NS, 990000},
    {"p99.9", CONDITION_PERCENTILE, CONDITION_NS, 999000},
    {"p999", CONDITION_PERCENTILE, CONDITION_NS, 999000},
    {"p99.99", CONDITION_PERCENTILE, CONDITION_NS, 999900},
    {"p9999", CONDITION_PERCENTILE, CONDITION_NS, 999900},
    {"mean", CONDITION_MEAN, CONDITION_NS, 0},
    {"max", CONDITION_MAX, CONDITION_NS, 0},
    {"stddev", CONDITION_STDDEV, CONDITION_NS, 0},
    {"rate", CONDITION_RATE, CONDITION_PER_SECOND, 0},
    {"errors", CONDITION_ERRORS, CONDITION_REQUESTS, 0},
    {"timeouts", CONDITION_TIMEOUTS, CONDITION_REQUESTS, 0},
    {"transfer", CONDITION_TRANSFER, CONDITION_BYTES_PER_SECOND, 0},
};

static const struct metric *find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        if (strlen(metrics[i].name) == size && memcmp(name, metrics[i].name, size) == 0)
            return &metrics[i];
    return NULL;
}

static bool read_limit(struct condition *c, const char *text)
{
    uint64_t value;
    bool good;

    switch (c->unit) {
    case CONDITION_NS:
        good = parse_duration(text, 1, 24 * 3600 * NS_PER_S, &value);
        break;
    case CONDITION_PER_SECOND:
        good = parse_rate_milli(text, 0, PARSE_RATE_MILLI_MAX, &value);
        break;
    case CONDITION_REQUESTS:
        if (strchr(text, '%')) {
            c->unit = CONDITION_SHARE;
            return parse_share(text, &c->limit);
        }
        good = parse_u64(text, 0, INT64_MAX, &value);
        break;
    default:
        good = parse_size(text, 0, INT64_MAX, &value);
    }
    if (!good)
        return false;
    c->limit = (double)value / (c->unit == CONDITION_PER_SECOND ? 1e3 : 1);
    return true;
}

bool condition_parse(const char *text, struct condition *c)
{
    size_t size = strcspn(text, "<>=" CONDITION_BLANKS);
    const struct metric *m = find(text, size);
    const char *rest = text + size;

    *c = (struct condition){.text = text};
    rest += strspn(rest, CONDITION_BLANKS);
    if (!m || (*rest != '<' && *rest != '>'))
        return false;
    c->name = m->name;
    c->metric = m->metric;
    c->unit = m->unit;
    c->ppm = m->ppm;
    c->above = *rest++ == '>';
    c->or_equal = *rest == '=';
    rest += c->or_equal;
    return read_limit(c, rest + strspn(rest, CONDITION_BLANKS));
}

bool condition_time(const struct condition *c, const struct histogram *h, uint64_t *ns)
{
    if (h->count == 0)
        return false;
    switch (c->metric) {
    case CONDITION_MEAN:
        *ns = (uint64_t)(histogram_mean(h) + 0.5);
        return true;
    case CONDITION_MAX:
        *ns = h->max;
        return true;
    case CONDITION_STDDEV:
        *ns = (uint64_t)(histogram_stddev(h) + 0.5);
        return true;
    default:
        return histogram_percentile(h, c->ppm, ns);
    }
}

/* So many of the requests that ended: the number, or their share. */
static bool count_or_share(const struct condition *c, const struct result *result,
                           uint64_t count, double *value)
{
    const uint64_t *n = result->sum.window.n;
    uint64_t ended = n[COUNT_OK] + outcomes_failed(n);

    *value = (double)count;
    if (c->unit == CONDITION_REQUESTS)
        return true;
    *value = ended > 0 ? *value / (double)ended : 0;
    return ended > 0;
}

bool condition_value(const struct condition *c, const struct result *result, double *value)
{
    const uint64_t *n = result->sum.window.n;
    uint64_t ns;

    switch (c->metric) {
    case CONDITION_RATE:
        *value = result->requests_per_second;
        return result->window_ns > 0;
    case CONDITION_TRANSFER:
        *value = (double)n[COUNT_BYTES_IN] * 1e9 / (double)result->window_ns;
        return result->window_ns > 0;
    case CONDITION_ERRORS:
        return count_or_share(c, result, outcomes_failed(n), value);
    case CONDITION_TIMEOUTS:
        return count_or_share(c, result, n[COUNT_TIMEOUT], value);
    default:
        if (!condition_time(c, result->sum.latency, &ns))
            return false;
        *value = (double)ns;
        return true;
    }
}

bool condition_holds(const struct condition *c, double value)
{
    if (c->above)
        return value > c->limit || (c->or_equal && value >= c->limit);
    return value < c->limit || (c->or_equal && value <= c->limit);
}

const char *condition_unit_name(enum condition_unit unit)
{
    static const char *const names[] = {
        [CONDITION_NS] = "ns",
        [CONDITION_PER_SECOND] = "requests/s",
        [CONDITION_REQUESTS] = "requests",
        [CONDITION_SHARE] = "share",
        [CONDITION_BYTES_PER_SECOND] = "bytes/s",
    };
    return names[unit];
}
