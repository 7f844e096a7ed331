#include "loadgen/cli/option_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/http_chars.h"
#include "common/parse.h"

#define MAX_TIME (24 * 3600 * NS_PER_S)

uint64_t option_number(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_u64(text, low, high, &value))
        die_usage("%s: '%s' is not a number from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

uint64_t option_size(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_size(text, low, high, &value))
        die_usage("%s: '%s' is not a size from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

uint64_t option_duration(const char *option, const char *text, uint64_t low)
{
    uint64_t value;
    if (parse_duration(text, low, MAX_TIME, &value))
        return value;
    if (low >= NS_PER_MS)
        die_usage("%s: '%s' is not a time such as 20ms, 1.5s or 2m (%llu ms to 24h)", option,
                  text, (unsigned long long)(low / NS_PER_MS));
    die_usage("%s: '%s' is not a time such as 250us, 20ms, 1.5s or 2m (%sat most 24h)", option,
              text, low ? "above 0, " : "");
}

uint64_t option_rate_milli(const char *option, const char *text)
{
    uint64_t value;
    if (!parse_rate_milli(text, 1, PARSE_RATE_MILLI_MAX, &value))
        die_usage("%s: '%s' is not a rate such as 0.5, 1500, 1.5k or 1M (0.001 to 1000M)",
                  option, text);
    return value;
}

unsigned option_word(const char *option, const char *text, const char *const *names,
                     unsigned count)
{
    char all[128] = "";

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
        size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%s%s",
                 i == 0           ? ""
                 : i + 1 == count ? " or "
                                  : ", ",
                 names[i]);
    }
    die_usage("%s: '%s' is not %s", option, text, all);
}

uint64_t option_think(const char *option, const char *text, bool *exponential)
{
    const char *colon = strchr(text, ':');
    char time[32];

    if (colon && strcmp(colon, ":exp") != 0)
        die_usage("%s: '%s' is not TIME or TIME:exp", option, text);
    if ((colon ? (size_t)(colon - text) : strlen(text)) >= sizeof time)
        die_usage("%s: '%s' is too long for a time", option, text);
    snprintf(time, sizeof time, "%.*s", colon ? (int)(colon - text) : 31, text);
    *exponential = colon != NULL;
    return option_duration(option, time, 0);
}

uint32_t option_share_ppm(const char *option, const char *text)
{
    double share;

    if (!parse_share(text, &share))
        die_usage("%s: '%s' is not a share such as 0, 0.01, 1%% or 100%%", option, text);
    return (uint32_t)(share * 1e6 + 0.5);
}

enum body_rule option_body(const char *text)
{
    for (enum body_rule rule = BODY_ANY; rule < BODY_FILE; rule++)
        if (strcmp(text, body_rule_name(rule)) == 0)
            return rule;
    return BODY_FILE;
}

char *option_header(char *headers, const char *text, bool *has_host)
{
    const char *colon = strchr(text, ':');
    size_t name = colon ? (size_t)(colon - text) : 0;
    size_t old = strlen(headers);
    size_t n = strlen(text);

    for (size_t i = 0; i < name; i++)
        if (!http_is_token((uint8_t)text[i]))
            name = 0;
    if (name == 0)
        die_usage("--header: '%s' is not 'Name: value'", text);
    for (const char *p = colon + 1; *p; p++)
        if (!http_is_value((uint8_t)*p))
            die_usage("--header: control character in the value of '%.*s'", (int)name, text);
    if ((name == 14 && strncasecmp(text, "content-length", 14) == 0) ||
        (name == 17 && strncasecmp(text, "transfer-encoding", 17) == 0))
        die_usage("--header: '%.*s' announces a body, which is for --data to do", (int)name,
                  text);
    if (name == 4 && strncasecmp(text, "host", 4) == 0)
        *has_host = true;

    headers = xrealloc(headers, old + n + 3);
    memcpy(headers + old, text, n);
    memcpy(headers + old + n, "\r\n", 3);
    return headers;
}
