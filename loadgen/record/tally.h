/* Everything a worker counts. One plain array a thread: a window is the difference of two
 * copies, the whole run is the sum of the threads'. */
#ifndef IOM_TALLY_H
#define IOM_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum count {
    /* How a request ended. A failed attempt to connect counts as a request that was started and
     * ended so: had the connection come up, it would have carried one. */
    COUNT_OK,
    COUNT_TIMEOUT,
    COUNT_RESET,   /* ECONNRESET, EPIPE */
    COUNT_REFUSED, /* no connection: ECONNREFUSED, no free port, no route */
    COUNT_EOF,     /* closed in order, but before the answer was complete */
    COUNT_CORRUPT, /* a wrong answer */
    COUNT_NON_2XX,
    COUNT_OUTCOMES,

    COUNT_STARTED = COUNT_OUTCOMES,
    /* bytes on a connection that waits for none; corrupt, though not started */
    COUNT_UNSOLICITED,
    COUNT_NO_PORT, /* refused connections for which this machine had no local port */
    COUNT_BYTES_IN,
    COUNT_BYTES_OUT,
    COUNT_CONNECTS, /* attempts */
    COUNT_SEND,     /* system calls; what the ring does without one is not among them */
    COUNT_RECV,
    COUNT_EPOLL_WAIT,
    COUNT_EPOLL_CTL,
    COUNT_IO_URING_ENTER,
    COUNT_EAGAIN,
    COUNTS,
};

struct tally {
    uint64_t n[COUNTS];
};

static inline void tally_add(struct tally *into, const struct tally *from)
{
    for (size_t i = 0; i < COUNTS; i++)
        into->n[i] += from->n[i];
}

static inline void tally_subtract(struct tally *from, const struct tally *what)
{
    for (size_t i = 0; i < COUNTS; i++)
        from->n[i] -= what->n[i];
}

/* The name of an outcome as the JSON has it, and as a person reads it. */
static inline const char *outcome_name(enum count outcome)
{
    static const char *const names[COUNT_OUTCOMES] = {
        [COUNT_OK] = "ok",           [COUNT_TIMEOUT] = "timeout", [COUNT_RESET] = "reset",
        [COUNT_REFUSED] = "refused", [COUNT_EOF] = "eof",         [COUNT_CORRUPT] = "corrupt",
        [COUNT_NON_2XX] = "non_2xx",
    };
    return names[outcome];
}

/* Requests that ended in any other way than well, of the first COUNT_OUTCOMES counters. */
static inline uint64_t outcomes_failed(const uint64_t *outcomes)
{
    uint64_t failed = 0;

    for (unsigned k = COUNT_OK + 1; k < COUNT_OUTCOMES; k++)
        failed += outcomes[k];
    return failed;
}

#endif
