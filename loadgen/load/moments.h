/* The moments that the threads of a run share, and telling of them on --events-fd. */
#ifndef IOM_MOMENTS_H
#define IOM_MOMENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct moments {
    uint32_t threads;
    int events_fd;                   /* -1: nobody is told */
    _Atomic bool stopped;            /* end the window now */
    _Atomic bool signalled;          /* end the drain now */
    _Atomic bool finished;           /* end the hold */
    _Atomic uint32_t opened, closed; /* threads whose window did */
};

/* A thread's window opened, closed. That of the run is open while that of any thread is. */
void moments_opened(struct moments *m);
void moments_closed(struct moments *m);

/* Write `line`, with its newline, to --events-fd. */
void moments_tell(const struct moments *m, const char *line);

static inline bool moments_flag(_Atomic bool *flag)
{
    return atomic_load_explicit(flag, memory_order_relaxed);
}

#endif
