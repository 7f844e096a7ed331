#include "parse.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

static bool digits(const char *text, uint64_t *out, const char **end)
{
    if (*text < '0' || *text > '9')
        return false;
    char *stop;
    errno = 0;
    *out = strtoull(text, &stop, 10);
    *end = stop;
    return errno == 0;
}

bool parse_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    uint64_t value;
    const char *end;
    if (!digits(text, &value, &end) || *end != '\0' || value < low || value > high)
        return false;
    *out = value;
    return true;
}

bool parse_size(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    uint64_t value;
    const char *end;
    unsigned shift = 0;

    if (!digits(text, &value, &end))
        return false;
    switch (*end) {
    case 'G':
    case 'g':
        shift += 10; /* fall through */
    case 'M':
    case 'm':
        shift += 10; /* fall through */
    case 'K':
    case 'k':
        shift += 10;
        end++;
    }
    if (*end != '\0' || value > UINT64_MAX >> shift)
        return false;
    value <<= shift;
    if (value < low || value > high)
        return false;
    *out = value;
    return true;
}

bool parse_rate(const char *text, double *out)
{
    size_t n = strspn(text, "0123456789.");
    char *end;
    double value = strtod(text, &end);

    if (n == 0 || end != text + n)
        return false;
    if (*end == 'k' || *end == 'K') {
        value *= 1e3;
        end++;
    } else if (*end == 'M' || *end == 'm') {
        value *= 1e6;
        end++;
    }
    if (*end != '\0' || !(value > 0) || value > 1e8)
        return false;
    *out = value;
    return true;
}

bool parse_duration(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6},  {"s", 1e9},
                 {"", 1e9}, {"m", 60e9}, {"h", 3600e9}};

    /* strtod also reads "inf", "nan", "0x10" and a sign: none of them is a time. */
    size_t n = strspn(text, "0123456789.");
    char *end;
    double value = strtod(text, &end);
    if (n == 0 || end != text + n)
        return false;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        double ns = round(value * units[i].ns);
        if (ns < (double)low || ns > (double)high || ns >= 1.8e19)
            return false;
        *out = (uint64_t)ns;
        return true;
    }
    return false;
}
