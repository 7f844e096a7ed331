/* What is told while a run goes on: the rows of --csv and the line on a terminal. All of it is done
 * by the main thread, so that the workers do no more than put numbers where it finds them.
 *
 * The line of progress is rewritten in place on standard error, and gone at the end. Where it
 * cannot be rewritten (common/terminal.h), or with --quiet, no worker publishes and nothing is
 * written. */
#ifndef IOM_OBSERVER_H
#define IOM_OBSERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "loadgen/record/series.h"

struct run;

/* How often a worker publishes its figures. */
#define LIVE_PUBLISH_NS UINT64_C(100000000)

/* What one worker says of itself, counted since it began. */
struct live_numbers {
    _Atomic uint64_t ok, failed, in_flight;
};

/* The line of progress. */
struct live {
    bool on;
    uint64_t next; /* when the line is rewritten */
    uint64_t last_at, last_ok;
    bool written;
};

struct observer {
    int fd; /* readable when there is something to do; -1 where nothing is observed */
    struct live live;
    uint64_t window_at; /* when the window was first seen open; 0 before */
    struct series_writer *writer;
    struct series **series;
    struct series_rows kept; /* of options->csv_kept */
    bool csv_failed;         /* some of the rows could not be written */
};

/* Set up, and give each worker what it needs for it. The workers are there and have not started. */
void observer_start(struct observer *o, struct run *r);

/* For poll(2): how long to sleep at most. */
int observer_timeout_ms(const struct observer *o);

/* Write what is due. Call after each poll(2). */
void observer_turn(struct observer *o, struct run *r);

/* The workers have ended: write the rest. */
void observer_end(struct observer *o, struct run *r);

#endif
