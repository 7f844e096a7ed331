/* --windows: the main thread reads commands from standard input, a line each,
 *
 *     window DURATION [LEAD]
 *
 * has the threads open that window, waits until they rest again, and tells on --events-fd what was
 * measured. The next command is read when the threads rest. The end of the input ends the run, and
 * what the run measured is the sum of its windows. */
#ifndef IOM_WINDOWS_H
#define IOM_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/load/disturbance.h"
#include "loadgen/load/moments.h"
#include "loadgen/load/order.h"
#include "loadgen/load/worker.h"
#include "loadgen/record/record.h"

/* Longer than any command that is right. */
#define WINDOWS_LINE_MAX 256

/* From a command to the window, where the command does not say. */
#define WINDOWS_LEAD_NS (5 * NS_PER_MS)

struct windows {
    struct window_order order;
    struct moments *moments;
    const struct disturbance *disturbance;
    struct worker *workers;
    uint32_t threads;
    char text[WINDOWS_LINE_MAX]; /* input that is not a whole line yet, or not used yet */
    size_t size;
    bool input_over;
    bool resting;                 /* all threads are */
    uint64_t rested;              /* threads that have come to rest since the order */
    uint64_t asked_at;            /* when the command of this window came */
    struct record window;         /* this window, of all threads */
    struct record *sums;          /* all windows, of each thread */
    uint32_t count;               /* windows that are over */
    uint64_t window_ns, still_ns; /* sums */
};

/* Before the threads start. The pointers must live until windows_end(). */
void windows_begin(struct windows *w, const struct options *o, struct worker *workers,
                   struct moments *moments, const struct disturbance *disturbance);

/* Is it time to read standard input? */
bool windows_listen(const struct windows *w);

/* Standard input can be read. A command that is wrong ends the program. Returns true where the
 * threads must be woken: there is an order. */
bool windows_read(struct windows *w);

/* rested_fd can be read: threads have come to rest. Returns true as windows_read(). */
bool windows_rested(struct windows *w);

/* The threads have ended: their records become the sums of all windows. */
void windows_end(struct windows *w);
void windows_free(struct windows *w);

#endif
