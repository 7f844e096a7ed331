#include "loadgen/pace/rate_profile.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"

#define NO_RATE "'%s' is not a rate such as 0, 0.5, 1500, 1.5k or 1M"

bool rate_profile_is_meant(const char *text)
{
    return strpbrk(text, ",/") || strstr(text, "..");
}

static bool fail(char *error, size_t error_size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(char *error, size_t error_size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, error_size, format, arguments);
    va_end(arguments);
    return false;
}

/* "RATE" or "RATE..RATE", with or without "/TIME". */
static bool read_segment(char *text, struct rate_segment *s, char *error, size_t error_size)
{
    char *slash = strchr(text, '/');
    char *dots = strstr(text, "..");

    *s = (struct rate_segment){0};
    if (slash) {
        *slash = '\0';
        if (!parse_duration(slash + 1, 1, RATE_PROFILE_LONGEST_NS, &s->length_ns))
            return fail(error, error_size, "'%s' is not a time such as 500ms, 10s or 2m",
                        slash + 1);
    }
    if (dots && slash && dots > slash)
        dots = NULL;
    if (dots)
        *dots = '\0';
    if (!parse_rate_milli(text, 0, PARSE_RATE_MILLI_MAX, &s->from_milli))
        return fail(error, error_size, NO_RATE, text);
    s->to_milli = s->from_milli;
    if (!dots)
        return true;
    if (!parse_rate_milli(dots + 2, 0, PARSE_RATE_MILLI_MAX, &s->to_milli))
        return fail(error, error_size, NO_RATE, dots + 2);
    if (!slash)
        return fail(error, error_size,
                    "the ramp to %s does not say how long it takes: add /TIME", dots + 2);
    return true;
}

/* Give each its time, from the last to the first, and look at the whole. */
static bool complete(struct rate_profile *p, char *error, size_t error_size)
{
    uint64_t length = 0;
    uint64_t sum = 0;

    for (uint32_t i = p->count; i-- > 0;) {
        struct rate_segment *s = &p->segments[i];
        if (s->length_ns == 0)
            s->length_ns = length;
        length = s->length_ns;
        if (length == 0)
            return fail(error, error_size,
                        "the last step does not say how long it is held: add /TIME");
        sum += length;
    }
    if (sum > RATE_PROFILE_LONGEST_NS)
        return fail(error, error_size, "all of it takes longer than 24h");
    if (rate_profile_peak(p) == 0)
        return fail(error, error_size, "no rate of it is above 0");
    return true;
}

bool rate_profile_parse(const char *text, struct rate_profile *p, char *error,
                        size_t error_size)
{
    char part[128];

    *p = (struct rate_profile){0};
    for (;;) {
        size_t n = strcspn(text, ",");
        if (p->count == RATE_PROFILE_MAX)
            return fail(error, error_size, "more than %d steps, from '%s' on", RATE_PROFILE_MAX,
                        text);
        if (n >= sizeof part)
            return fail(error, error_size, "'%s' is too long for a step", text);
        memcpy(part, text, n);
        part[n] = '\0';
        if (!read_segment(part, &p->segments[p->count++], error, error_size))
            return false;
        if (text[n] == '\0')
            return complete(p, error, error_size);
        text += n + 1;
    }
}

uint64_t rate_profile_length(const struct rate_profile *p)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->count; i++)
        sum += p->segments[i].length_ns;
    return sum;
}

uint64_t rate_profile_peak(const struct rate_profile *p)
{
    uint64_t peak = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        const struct rate_segment *s = &p->segments[i];
        uint64_t high = s->from_milli > s->to_milli ? s->from_milli : s->to_milli;
        peak = high > peak ? high : peak;
    }
    return peak;
}

/* The segments as a cursor counts them. */
static struct rate_segment segment_at(const struct rate_profile *p, uint32_t i)
{
    if (i == 0)
        return (struct rate_segment){p->segments[0].from_milli, p->segments[0].from_milli,
                                     p->lead_ns};
    if (i <= p->count)
        return p->segments[i - 1];
    uint64_t last = p->segments[p->count - 1].to_milli;
    return (struct rate_segment){last, last, CLOCK_NEVER};
}

/* Requests due in the first `t` ns of a segment. */
static double requests(const struct rate_segment *s, double t)
{
    double from = (double)s->from_milli, to = (double)s->to_milli;
    return (from + (to - from) * t / (double)s->length_ns / 2) * t / 1e12;
}

double rate_profile_mean(const struct rate_profile *p, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t begins = 0;
    double sum = 0;

    for (uint32_t i = 1; i <= p->count + 1 && begins < to_ns; i++) {
        struct rate_segment s = segment_at(p, i);
        uint64_t ends = clock_after(begins, s.length_ns);
        uint64_t from = from_ns > begins ? from_ns : begins;
        uint64_t to = to_ns < ends ? to_ns : ends;
        if (from < to)
            sum += requests(&s, (double)(to - begins)) - requests(&s, (double)(from - begins));
        begins = ends;
    }
    return sum * 1e9 / (double)(to_ns - from_ns);
}

/* Is the area under the first `t` ns of a ramp at most `area`? That is
 *     2 from t + (to - from) t^2 / length <= area,
 * with the square divided before it is multiplied, so that nothing exceeds 128 bits. */
static bool within(const struct rate_segment *s, uint64_t t, __int128 area)
{
    __int128 slope = (__int128)s->to_milli - (__int128)s->from_milli;
    __int128 size = slope < 0 ? -slope : slope;
    unsigned __int128 square = (unsigned __int128)t * t;
    __int128 whole = (__int128)(square / s->length_ns);
    __int128 rest = (__int128)(square % s->length_ns);
    __int128 left = area - 2 * (__int128)s->from_milli * t - slope * whole;

    if (left >= size || left <= -size)
        return left >= size; /* slope * rest / length is smaller than that */
    return slope * rest <= left * s->length_ns;
}

/* The greatest whole t at which the area under a ramp is within `area`: what floating point finds,
 * corrected. Where the rate is nearly 0 that may be far off, so the steps grow. */
static uint64_t ramp_reaches(const struct rate_segment *s, unsigned __int128 area)
{
    double from = (double)s->from_milli;
    double slope = ((double)s->to_milli - from) / (double)s->length_ns;
    double square = from * from + slope * (double)area;
    double divisor = from + sqrt(square > 0 ? square : 0);
    double found = divisor > 0 ? (double)area / divisor : 0;
    uint64_t low = found < (double)s->length_ns ? (uint64_t)found : s->length_ns;
    uint64_t high = low + 1;
    uint64_t step = 1;

    while (!within(s, low, (__int128)area)) {
        high = low;
        low = low > step ? low - step : 0;
        step *= 2;
    }
    for (step = 1; high <= s->length_ns && within(s, high, (__int128)area); step *= 2) {
        low = high;
        high += step;
    }
    if (high > s->length_ns + 1)
        high = s->length_ns + 1;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (within(s, middle, (__int128)area))
            low = middle;
        else
            high = middle;
    }
    return low;
}

void rate_cursor_init(struct rate_cursor *c, const struct rate_profile *p)
{
    *c = (struct rate_cursor){.profile = p};
}

uint64_t rate_cursor_reaches(struct rate_cursor *c, unsigned __int128 area)
{
    struct rate_segment s = segment_at(c->profile, c->segment);

    while (c->segment <= c->profile->count) {
        unsigned __int128 whole = (unsigned __int128)(s.from_milli + s.to_milli) * s.length_ns;
        if (area < c->area + whole)
            break;
        c->area += whole;
        c->begins_ns += s.length_ns;
        s = segment_at(c->profile, ++c->segment);
    }
    area -= c->area;
    if (s.from_milli != s.to_milli)
        return c->begins_ns + ramp_reaches(&s, area);
    if (s.from_milli == 0)
        return CLOCK_NEVER;
    unsigned __int128 t = area / (2 * s.from_milli);
    return t < CLOCK_NEVER ? clock_after(c->begins_ns, (uint64_t)t) : CLOCK_NEVER;
}
