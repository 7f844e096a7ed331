/* What happened when: the window cut into intervals of equal length, a row of CSV for each.
 *
 * Each worker keeps the counts and the histogram of the current interval. When the interval ends
 * the worker hands both over and goes on with empty ones. That costs a lock once an interval,
 * which nobody else holds for long. The main thread adds up what the workers hand over. It writes
 * a row as soon as all workers are past the interval. So the file has what was measured as soon as
 * its interval is over. */
#ifndef IOM_SERIES_H
#define IOM_SERIES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "common/histogram.h"
#include "loadgen/cli/options.h"
#include "loadgen/record/series_rows.h"
#include "loadgen/record/tally.h"

/* A request sent later than this after its time counts as late (open loop). */
#define SERIES_LATE_NS UINT64_C(1000000)

struct series_interval {
    STAILQ_ENTRY(series_interval) next;
    uint64_t number;  /* from 0 */
    uint64_t ends_at; /* in time since the window opened; the last may be cut short */
    uint64_t outcomes[COUNT_OUTCOMES];
    uint64_t late, late_max_ns;
    struct histogram latency;
};

STAILQ_HEAD(series_list, series_interval);

/* One worker's. */
struct series {
    uint64_t boundary; /* when the current interval ends; CLOCK_NEVER before the window */
    uint64_t opened_at, interval_ns;
    struct series_interval *current;
    int tell_fd; /* an eventfd: one is added for each interval handed over */

    pthread_mutex_t lock;     /* for what follows */
    struct series_list done;  /* handed over */
    struct series_list empty; /* for reuse */
    uint64_t window_ns;       /* of an open loop, once its window is over; CLOCK_NEVER before */
    bool closed;
};

/* Set up for intervals of `interval_ns`. */
void series_init(struct series *s, uint64_t interval_ns, int tell_fd);
void series_free(struct series *s);

/* The window opened at `at`; it closed, or ended early. Both may be given a time in the past. */
void series_open(struct series *s, uint64_t at);
void series_close(struct series *s, uint64_t at);

/* The window was over at `at`; an open loop goes on to drain. */
void series_window_over(struct series *s, uint64_t at);

/* Hand over all intervals that ended before `now`. */
void series_roll(struct series *s, uint64_t now);

/* A request ended at `now`; `latency` is recorded for good answers and for timeouts. */
static inline void series_ended(struct series *s, uint64_t now, enum count outcome,
                                uint64_t latency)
{
    if (now >= s->boundary)
        series_roll(s, now);
    s->current->outcomes[outcome]++;
    if (outcome == COUNT_OK || outcome == COUNT_TIMEOUT)
        histogram_record(&s->current->latency, latency);
}

/* A request was sent at `now`, so much later than it was due. */
static inline void series_sent(struct series *s, uint64_t now, uint64_t late_ns)
{
    if (now >= s->boundary)
        series_roll(s, now);
    s->current->late += late_ns > SERIES_LATE_NS;
    if (late_ns > s->current->late_max_ns)
        s->current->late_max_ns = late_ns;
}

/* The file. */
struct series_writer {
    FILE *out;
    const struct options *options;
    struct series **all; /* the workers' */
    uint32_t count;
    uint64_t next;              /* number of the next row */
    uint64_t last_end;          /* where the last one ended */
    uint64_t window_ns;         /* where there are no series; else theirs */
    struct series_rows kept;    /* with options->csv_kept, instead of a file */
    struct series_interval sum; /* of the row */
    bool failed;                /* a row could not be written */
};

/* Create the file of --csv and write the line of names to it. Ends the program where that fails.
 * With options->csv_kept there is no file, and the rows are kept. */
struct series_writer *series_writer_open(const struct options *o, struct series **all,
                                         uint32_t count);

/* Write the rows that are complete. Where that fails it is told, the first time. */
void series_writer_collect(struct series_writer *writer);

/* All series are closed: write the rest, close the file, free `*writer`. Returns false where some
 * of it could not be written. The rows that were kept go to `*kept`. */
bool series_writer_close(struct series_writer *writer, struct series_rows *kept);

/* The file of --csv from the rows that `count` hosts kept; the window of all was so long. Returns
 * false, and tells, where it could not be written. */
bool series_write_rows(const struct options *o, struct series_rows *each, uint32_t count,
                       uint64_t window_ns);

#endif
