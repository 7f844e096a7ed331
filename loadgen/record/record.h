/* What one thread measured: in the window, where nothing else is said. Only that thread writes
 * while the load runs; the others read when it has ended. */
#ifndef IOM_RECORD_H
#define IOM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"
#include "loadgen/protocol/request.h"
#include "loadgen/record/series.h"
#include "loadgen/record/steps.h"
#include "loadgen/record/tally.h"

/* What a thread had used of its CPU, and when that was. */
struct cpu_reading {
    uint64_t at, used_ns;
    uint64_t delay_ns;           /* ready to run and without a CPU */
    uint64_t user_us, system_us; /* to tell how it divides */
};

/* What there is of an open loop besides: of the requests that were due in the window. */
struct open_record {
    uint64_t outcomes[COUNT_OUTCOMES];
    uint64_t scheduled, sent, sent_in_window, sent_in_time;
    uint64_t in_flight;    /* sent and not ended */
    uint64_t unsent;       /* due and not sent */
    uint64_t queue_max;    /* longest */
    uint64_t queue_waited; /* requests that found no idle connection */
    double queue_area;     /* length times ns */
    uint64_t spun_ns;      /* spent in looking again and again */
    struct steps *steps;   /* NULL where the rate is constant */
    struct histogram service, lateness, own_lateness; /* the response time is record->latency */
};

struct record {
    bool open;                 /* the window is */
    struct histogram *latency; /* closed loop: service time, open loop: response time */
    struct histogram *connect_time, *first_byte; /* NULL where connections stay */
    /* How the requests of each URL ended; NULL where there is one URL. */
    uint64_t (*by_target)[COUNT_OUTCOMES];
    uint32_t targets;
    struct series *series;         /* of --csv, or NULL */
    struct open_record *open_loop; /* NULL in a closed loop */

    struct tally opening; /* all counts when it opened; */
    struct tally window;  /* and the difference when it closed */
    struct tally closing; /* all counts when it closed */
    uint64_t opened_at, closed_at;
    uint64_t in_flight_at_open, in_flight_at_close, oldest_in_flight_ns;
    uint64_t drain_took_ns; /* after the window */
    struct cpu_reading cpu_at_open;
    uint64_t user_us, system_us;
    uint64_t cpu_span_ns; /* in which those were used: the window, and until its end was seen */
    uint64_t coalesced_ns, coalesced_slept_ns;
    uint64_t slept_ns; /* of cpu_span_ns; see record_slept_ns() */
    uint64_t spun_ns;  /* of cpu_span_ns, CPU used in waits that found nothing (--spin) */
    /* The first cause of each outcome in the whole run: a constant string, or NULL. */
    const char *reasons[COUNT_OUTCOMES];
};

/* An empty histogram; free it with free(). */
struct histogram *record_histogram(void);

/* Allocate what the options ask for; call from the thread, so that the memory is near it. */
void record_create(struct record *r, const struct options *o);
void record_free(struct record *r);

/* The window opens at `at`, where the thread has counted `total`. */
void record_open(struct record *r, uint64_t at, const struct tally *total);

/* Time of the waits in the window: allowed to sleep; not allowed to, and in vain (--spin). */
struct record_waits {
    uint64_t slept_ns, looked_ns;
};

/* It closes. */
void record_close(struct record *r, uint64_t at, const struct tally *total,
                  const struct record_waits *waits);

/* How long a thread slept of `all_ns`. Its waits took `waited_ns`. It used `used_ns` of CPU, and
 * was ready without a CPU for `delay_ns`. A wait is also on the CPU, when it begins and ends, and
 * who has been woken may have to wait for a CPU. So the waits alone would be too much. */
static inline uint64_t record_slept_ns(uint64_t all_ns, uint64_t waited_ns, uint64_t used_ns,
                                       uint64_t delay_ns)
{
    uint64_t awake_ns = used_ns + delay_ns;
    uint64_t most_ns = all_ns > awake_ns ? all_ns - awake_ns : 0;
    return waited_ns < most_ns ? waited_ns : most_ns;
}

/* --windows: what was on its way when the window closed has ended since, and the thread has
 * counted `total`. What failed belongs to the window; good answers do not. Returns how many
 * requests still count as on their way when it closed. */
uint64_t record_late(struct record *r, const struct tally *total);

/* Forget what was measured, but for `reasons`: the next window begins with nothing. */
void record_clear(struct record *r);

/* The load is over at `end`: with so many requests on their way, the oldest of which has been
 * so for `oldest_ns`. */
void record_end(struct record *r, uint64_t end, uint64_t in_flight, uint64_t oldest_ns);

/* Open loop: has every request of the window ended? */
static inline bool record_drained(const struct record *r)
{
    return r->open_loop->in_flight == 0 && r->open_loop->unsent == 0;
}

/* Add what another thread measured. */
void record_merge(struct record *into, const struct record *from);

/* `reason` is a constant string or NULL. */
static inline void record_reason(struct record *r, enum count outcome, const char *reason)
{
    if (__builtin_expect(reason && !r->reasons[outcome], 0))
        r->reasons[outcome] = reason;
}

/* A request of the window ended at `now`; `q` is NULL where it was never sent. `latency` is
 * what is recorded for good answers and for timeouts. */
static inline void record_ended(struct record *r, const struct request *q, uint64_t now,
                                enum count outcome, uint64_t latency)
{
    if (outcome == COUNT_OK || outcome == COUNT_TIMEOUT)
        histogram_record(r->latency, latency);
    if (r->series)
        series_ended(r->series, now, outcome, latency);
    if (r->by_target && q)
        r->by_target[q->choice][outcome]++;
}

#endif
