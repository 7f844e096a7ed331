/* A rate that changes while the run goes on: steps, each held for a time, and linear ramps.
 *
 *     SEGMENT[,SEGMENT...]    SEGMENT: RATE[/TIME] held, or RATE..RATE/TIME a ramp
 *
 * A held rate without a time has that of the next one with a time: "1k,2k,5k/10s" is three steps
 * of 10 s. After the last segment its last rate is held.
 *
 * The number of requests that are due by a moment is the integral of the rate up to that moment.
 * Request k is due when the integral is k and grows, so no request is due while the rate is 0. Both
 * are computed in integers: rates are whole thousandths of a request a second and times are whole
 * nanoseconds, so an area under the rate is a whole number of units of 1 / (2 * 10^12) of a
 * request. Nothing is summed up with an error, however long the run is. */
#ifndef IOM_RATE_PROFILE_H
#define IOM_RATE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_PROFILE_MAX 64

/* Of all segments together, and of the lead. */
#define RATE_PROFILE_LONGEST_NS (UINT64_C(24) * 3600 * 1000000000)

/* The area of one request. */
#define RATE_AREA_REQUEST UINT64_C(2000000000000)

struct rate_segment {
    uint64_t from_milli, to_milli; /* requests in 1,000 s; equal where it is held */
    uint64_t length_ns;
};

struct rate_profile {
    struct rate_segment segments[RATE_PROFILE_MAX];
    uint32_t count;   /* 0: the rate is constant, and this says nothing of it */
    uint64_t lead_ns; /* before time 0, the first rate is held for so long: the warm-up */
};

/* Is `text` meant to be a profile, and not one rate? */
bool rate_profile_is_meant(const char *text);

/* Read a profile. Returns false with a line in `error` that says what is wrong. */
bool rate_profile_parse(const char *text, struct rate_profile *p, char *error,
                        size_t error_size);

/* The sum of the segments' lengths, without the lead. */
uint64_t rate_profile_length(const struct rate_profile *p);

/* The highest rate of all. */
uint64_t rate_profile_peak(const struct rate_profile *p);

/* Requests a second, on average of the time between two moments after time 0; `to` is later. */
double rate_profile_mean(const struct rate_profile *p, uint64_t from_ns, uint64_t to_ns);

/* A place in a profile that only moves on. */
struct rate_cursor {
    const struct rate_profile *profile; /* must live as long */
    uint32_t segment;                   /* 0 is the lead, count + 1 what is held at the end */
    uint64_t begins_ns;                 /* the segment, after the beginning of the lead, */
    unsigned __int128 area;             /* and the area up to there */
};

void rate_cursor_init(struct rate_cursor *c, const struct rate_profile *p);

/* The last moment, in whole ns after the beginning of the lead, rounded down, when the area under
 * the rate is not above `area`; CLOCK_NEVER where it never is. Areas must not become smaller. */
uint64_t rate_cursor_reaches(struct rate_cursor *c, unsigned __int128 area);

#endif
