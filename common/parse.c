#include "common/parse.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

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

/* A number with or without a fraction. strtod() also reads "inf", "nan", "0x10" and a sign: none
 * of them is a time or a rate. */
static bool fraction(const char *text, double *out, const char **end)
{
    size_t n = strspn(text, "0123456789.");
    char *stop;
    *out = strtod(text, &stop);
    *end = stop;
    return n > 0 && stop == text + n;
}

/* `value` rounded, if it is in [low, high]. */
static bool in_range(double value, uint64_t low, uint64_t high, uint64_t *out)
{
    double rounded = round(value);
    if (rounded < (double)low || rounded > (double)high || rounded >= 1.8e19)
        return false;
    *out = (uint64_t)rounded;
    return true;
}

bool parse_rate_milli(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    double value;
    const char *end;

    if (!fraction(text, &value, &end))
        return false;
    double unit = *end == 'k' || *end == 'K' ? 1e6 : *end == 'M' ? 1e9 : 1e3;
    if (unit > 1e3)
        end++;
    return *end == '\0' && in_range(value * unit, low, high, out);
}

bool parse_share(const char *text, double *out)
{
    const char *end;

    if (!fraction(text, out, &end) || end[-1] == '.')
        return false;
    if (*end == '%') {
        *out /= 100;
        end++;
    }
    return *end == '\0' && *out <= 1;
}

bool parse_duration(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6},  {"s", 1e9},
                 {"", 1e9}, {"m", 60e9}, {"h", 3600e9}};

    double value;
    const char *end;
    if (!fraction(text, &value, &end))
        return false;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0)
            return in_range(value * units[i].ns, low, high, out);
    return false;
}
