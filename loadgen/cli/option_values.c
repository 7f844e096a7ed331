#include "loadgen/cli/option_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/http_chars.h"
#include "common/http_field.h"
#include "common/parse.h"
#include "loadgen/cli/options.h"

bool option_rate(void *options, const char *text)
{
    struct options *o = options;
    char error[200];

    o->rate = text;
    o->profile.count = 0;
    if (!rate_profile_is_meant(text)) {
        if (!parse_rate_milli(text, 1, PARSE_RATE_MILLI_MAX, &o->rate_milli))
            die_usage(
                "--rate: '%s' is not a rate such as 0.5, 1500, 1.5k or 1M (0.001 to 1000M)",
                text);
        return true;
    }
    if (!rate_profile_parse(text, &o->profile, error, sizeof error))
        die_usage("--rate: '%s': %s", text, error);
    o->rate_milli = rate_profile_peak(&o->profile);
    return true;
}

bool option_think(void *options, const char *text)
{
    struct options *o = options;
    char *time = xstrdup(text);
    char *colon = strchr(time, ':');

    if (colon && strcmp(colon, ":exp") != 0)
        die_usage("--think: '%s' is not TIME or TIME:exp", text);
    if (colon)
        *colon = '\0';
    if (!parse_duration(time, 0, OPTION_TIME_MAX, &o->think_ns))
        die_usage("--think: '%s' is not a time such as 250us, 20ms, 1.5s or 2m (at most 24 h)",
                  time);
    o->think_exponential = colon != NULL;
    free(time);
    return true;
}

bool option_search(void *options, const char *text)
{
    struct condition *goal = &((struct options *)options)->goal;

    if (!condition_parse(text, goal) || goal->unit != CONDITION_NS || goal->above)
        die_usage(
            "--search: '%s' is not a goal such as 'p99<2ms' or 'mean<=500us' (p50 p75 p90 p95 "
            "p99 p99.9 p99.99 mean max stddev)",
            text);
    return true;
}

bool option_method(void *options, const char *text)
{
    struct options *o = options;
    for (const char *p = text; *p; p++)
        if (!http_is_token((uint8_t)*p))
            die_usage(
                "--method: a method cannot have character 0x%02x (RFC 9110, section 5.6.2)",
                (unsigned)(unsigned char)*p);
    if (*text == '\0')
        die_usage("--method: '' is not a method");
    if (strcmp(text, "CONNECT") == 0)
        die_usage("--method: CONNECT asks for a tunnel, and there is nothing to measure in it");
    o->method = text;
    return true;
}

static void read_data(struct options *o, FILE *file, const char *name)
{
    size_t room = 65536;
    size_t n;

    o->data = xmalloc(room);
    while ((n = fread(o->data + o->data_size, 1, room - o->data_size, file)) > 0) {
        o->data_size += n;
        if (o->data_size > OPTION_DATA_MAX)
            die("--data: %s has more than %zu bytes", name, OPTION_DATA_MAX);
        if (o->data_size == room)
            o->data = xrealloc(o->data, room *= 2);
    }
    if (ferror(file))
        die_errno("--data: cannot read %s", name);
}

bool option_data(void *options, const char *text)
{
    struct options *o = options;
    char name[512];

    free(o->data);
    o->data = NULL;
    o->data_size = 0;
    o->data_from_stdin = strcmp(text, "-") == 0 || strcmp(text, "@-") == 0;
    if (o->data_from_stdin) {
        read_data(o, stdin, "standard input");
        return true;
    }
    if (text[0] != '@') {
        o->data = xstrdup(text);
        o->data_size = strlen(text);
        return true;
    }
    snprintf(name, sizeof name, "'%s'", text + 1);
    FILE *file = fopen(text + 1, "re");
    if (!file)
        die_errno("--data: cannot read %s", name);
    read_data(o, file, name);
    fclose(file);
    return true;
}

bool option_header(void *options, const char *text)
{
    struct options *o = options;
    size_t old = strlen(o->headers);
    size_t n = strlen(text);
    struct http_text line = {(const uint8_t *)text, (const uint8_t *)text + n}, name, value;
    const char *wrong = http_field_read(line, &name, &value);

    if (wrong)
        die_usage("--header: '%.*s' is not 'Name: value': %s", (int)strcspn(text, "\r\n"), text,
                  wrong);
    if (http_is(name, "content-length") || http_is(name, "transfer-encoding"))
        die_usage("--header: '%s' announces a body, which is for --data to do", text);
    if (http_is(name, "host"))
        o->has_host = true;

    o->headers = xrealloc(o->headers, old + n + 3);
    memcpy(o->headers + old, text, n);
    memcpy(o->headers + old + n, "\r\n", 3);
    return true;
}

bool option_body(void *options, const char *text)
{
    struct options *o = options;

    o->body_given = true;
    o->body_rule = BODY_ANY;
    while (o->body_rule < BODY_FILE && strcmp(text, body_rule_name(o->body_rule)) != 0)
        o->body_rule++;
    o->body = o->body_rule == BODY_FILE ? text : NULL;
    return true;
}

bool option_max_errors(void *options, const char *text)
{
    struct options *o = options;
    double share;

    if (!parse_share(text, &share))
        return false;
    o->max_errors_ppm = (uint32_t)(share * 1e6 + 0.5);
    return true;
}
