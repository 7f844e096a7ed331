#include "bench/merge/load_histogram.h"

#include <stdio.h>

#include "bench/base/json_get.h"
#include "common/wide.h"

static bool wrong(char *why, size_t size, const char *what)
{
    snprintf(why, size, "%s", what);
    return false;
}

/* One of "buckets". The last bucket is open: its highest value is the maximum. */
static bool add_bucket(struct histogram *h, const json_t *bucket, uint64_t max)
{
    json_int_t lowest = json_integer_value(json_array_get(bucket, 0));
    json_int_t count = json_integer_value(json_array_get(bucket, 2));

    if (json_array_size(bucket) != 3 || lowest < 0 || count <= 0)
        return false;
    size_t i = histogram_index((uint64_t)lowest);
    bool first_of_it = lowest == 0 || histogram_index((uint64_t)lowest - 1) == i - 1;
    if (!first_of_it || (uint64_t)lowest > max)
        return false;
    h->buckets[i] += (uint64_t)count;
    h->count += (uint64_t)count;
    if (i == HISTOGRAM_BUCKETS - 1 && max >= HISTOGRAM_LIMIT)
        h->overflow++; /* how many is not told; only whether there is any matters */
    return true;
}

bool load_histogram_add(struct histogram *into, const json_t *from, char *why, size_t size)
{
    const json_t *buckets = json_object_get(from, "buckets");
    const json_t *min = json_object_get(from, "min"), *max = json_object_get(from, "max");
    static struct histogram h;
    size_t i;
    json_t *bucket;

    if (!json_is_array(buckets) || !max || !min)
        return wrong(why, size, "no buckets, min and max: it is of an older iomodels-load");
    histogram_init(&h);
    if (json_array_size(buckets) == 0)
        return true;
    if (!json_is_integer(min) || !json_is_integer(max) || json_integer_value(min) < 0)
        return wrong(why, size, "buckets, but no min and max");
    h.min = (uint64_t)json_integer_value(min);
    h.max = (uint64_t)json_integer_value(max);
    json_array_foreach(buckets, i, bucket) if (!add_bucket(&h, bucket, h.max)) return wrong(
        why, size, "a bucket that no histogram has");
    if (h.min > h.max || h.buckets[histogram_index(h.min)] == 0 ||
        h.buckets[histogram_index(h.max)] == 0)
        return wrong(why, size, "a min or max that is in no bucket");
    if (!wide_parse(json_text(from, "sum", ""), &h.sum) ||
        !wide_parse(json_text(from, "squares", ""), &h.squares))
        return wrong(why, size, "a sum that is no number of 128 bits");
    histogram_merge(into, &h);
    return true;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

json_t *load_histogram_json(const struct histogram *h)
{
    json_t *o = json_object(), *buckets = json_array();
    struct histogram_bucket b = {0};
    char sum[WIDE_TEXT], squares[WIDE_TEXT];

    while (histogram_next(h, &b))
        json_array_append_new(buckets, json_pack("[I,I,I]", (json_int_t)b.lowest,
                                                 (json_int_t)b.highest, (json_int_t)b.count));
    json_object_set_new(o, "unit", json_string("ns"));
    json_object_set_new(o, "significant_digits", json_integer(HISTOGRAM_SIGNIFICANT_DIGITS));
    json_object_set_new(o, "buckets", buckets);
    json_object_set_new(o, "min", h->count ? number(h->min) : json_null());
    json_object_set_new(o, "max", h->count ? number(h->max) : json_null());
    json_object_set_new(o, "sum", json_string(wide_format(h->sum, sum)));
    json_object_set_new(o, "squares", json_string(wide_format(h->squares, squares)));
    return o;
}

json_t *load_histogram_times(const struct histogram *h)
{
    static const struct {
        const char *name;
        uint32_t ppm;
    } all[] = {{"p50", 500000}, {"p75", 750000},  {"p90", 900000},  {"p95", 950000},
               {"p99", 990000}, {"p999", 999000}, {"p9999", 999900}};
    json_t *o = json_object();
    bool empty = h->count == 0;

    json_object_set_new(o, "count", number(h->count));
    json_object_set_new(o, "min", empty ? json_null() : number(h->min));
    json_object_set_new(o, "mean",
                        empty ? json_null() : number((uint64_t)(histogram_mean(h) + 0.5)));
    json_object_set_new(o, "stddev",
                        empty ? json_null() : number((uint64_t)(histogram_stddev(h) + 0.5)));
    json_object_set_new(o, "max", empty ? json_null() : number(h->max));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint64_t value;
        bool any = histogram_percentile(h, all[i].ppm, &value);
        json_object_set_new(o, all[i].name, any ? number(value) : json_null());
    }
    return o;
}
