/* Deadlines: a binary heap, the earliest on top.
 *
 * The idle deadlines of a server move with every request, and moving each in the heap would make
 * the heap the busiest structure of the server. So the heap may hold a time that is too early:
 * when that time comes up, the owner looks at the real deadline and puts the timer back. Only a
 * deadline that becomes earlier has to be moved at once. */
#ifndef IOM_TIMERS_H
#define IOM_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
    uint64_t at;  /* as clock_ns() */
    size_t index; /* its place in the heap; TIMER_OFF when it is not there */
};

#define TIMER_OFF SIZE_MAX

struct timers {
    struct timer **heap;
    size_t count, capacity;
};

/* Put `t` in for `at`, or move it there. Returns 0, or -1 when memory is out. */
int timers_set(struct timers *ts, struct timer *t, uint64_t at);

/* Take `t` out, if it is in. */
void timers_remove(struct timers *ts, struct timer *t);

/* The time of the earliest timer, CLOCK_NEVER if there is none. */
uint64_t timers_next(const struct timers *ts);

/* Take out and return a timer that is due at `now`, NULL if there is none. */
struct timer *timers_due(struct timers *ts, uint64_t now);

void timers_free(struct timers *ts);

#endif
