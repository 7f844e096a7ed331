#include "loadgen/report/fail_if.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/report/json_put.h"
#include "loadgen/report/report_text.h"

static void add_one(struct options *o, const char *text, size_t size)
{
    char *copy = xmalloc(size + 1);
    struct condition c;

    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!condition_parse(copy, &c))
        die_usage("--fail-if: '%s' is not a condition such as 'p99>2ms', 'rate<1.5k', "
                  "'errors>0.1%%', 'timeouts>0' or 'transfer<10M' (p50 p75 p90 p95 p99 p99.9 "
                  "p99.99 mean max stddev rate errors timeouts transfer; < <= > >=)",
                  copy);
    o->fail_if = xrealloc(o->fail_if, (o->fail_if_count + 1) * sizeof *o->fail_if);
    o->fail_if[o->fail_if_count++] = c;
}

bool fail_if_add(void *options, const char *text)
{
    struct options *o = options;

    for (;;) {
        size_t size = strcspn(text, ",");
        size_t before = strspn(text, CONDITION_BLANKS);
        size_t end = size;
        while (end > before && strchr(CONDITION_BLANKS, text[end - 1]))
            end--;
        add_one(o, text + before, before < end ? end - before : 0);
        if (text[size] == '\0')
            return true;
        text += size + 1;
    }
}

void fail_if_free(struct options *o)
{
    for (uint32_t i = 0; i < o->fail_if_count; i++)
        free((char *)o->fail_if[i].text);
    free(o->fail_if);
}

static bool holds(const struct condition *c, const struct result *result, double *value)
{
    return condition_value(c, result, value) && condition_holds(c, *value);
}

bool fail_if_any(const struct options *o, const struct result *result)
{
    double value;

    for (uint32_t i = 0; i < o->fail_if_count; i++)
        if (holds(&o->fail_if[i], result, &value))
            return true;
    return false;
}

static void print_value(FILE *out, enum condition_unit unit, double value)
{
    char text[REPORT_TEXT];

    switch (unit) {
    case CONDITION_NS:
        fputs(report_time(text, value), out);
        break;
    case CONDITION_PER_SECOND:
        fprintf(out, "%.2f/s", value);
        break;
    case CONDITION_REQUESTS:
        fprintf(out, "%.0f", value);
        break;
    case CONDITION_SHARE:
        fprintf(out, "%.4g %%", 100 * value);
        break;
    case CONDITION_BYTES_PER_SECOND:
        fprintf(out, "%s/s", report_bytes(text, value));
        break;
    }
}

void fail_if_print(FILE *out, const struct options *o, const struct result *result)
{
    double value;

    for (uint32_t i = 0; i < o->fail_if_count; i++) {
        const struct condition *c = &o->fail_if[i];
        if (!holds(c, result, &value))
            continue;
        fprintf(out, "Fail-if: %s: it is ", c->text);
        print_value(out, c->unit, value);
        putc('\n', out);
    }
}

json_t *fail_if_json(const struct options *o, const struct result *result)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < o->fail_if_count; i++) {
        const struct condition *c = &o->fail_if[i];
        json_t *one = json_object();
        double value;
        bool has_value = condition_value(c, result, &value);
        put(one, "condition", json_string(c->text));
        put(one, "metric", json_string(c->name));
        put(one, "unit", json_string(condition_unit_name(c->unit)));
        put_real(one, "limit", c->limit);
        put(one, "value", has_value ? json_real(value) : json_null());
        put(one, "holds", json_boolean(has_value && condition_holds(c, value)));
        json_array_append_new(list, one);
    }
    return list;
}
