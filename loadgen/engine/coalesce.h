/* Completion coalescing: a saturated thread lets answers gather before it takes them.
 *
 * The more answers a thread takes in one go, the less CPU each request costs: the answers share a
 * system call, and the kernel's receive and send paths stay in the caches. The same holds for the
 * server, which gets its requests as they are sent. A thread that has CPU to spare takes each
 * answer as it comes, for its latency is being measured. A thread that has no CPU to spare takes
 * answers late in any case; with fewer, larger batches it is the limit later. Network adapters
 * moderate their interrupts for the same reason (net_dim in the Linux kernel, "dynamic interrupt
 * moderation").
 *
 * So time is cut into slices. After a slice that the thread used nearly all for CPU, a wait ends
 * when half of the outstanding answers have come, or after a short time. After a slice in which
 * the thread slept much, a wait ends with the first answer again. Half, because the server must be
 * left with work: waiting for three quarters measurably slowed servers down. A thread that shares
 * its CPU with other programs does not get that far, and should not: each sleep would hand the CPU
 * to them.
 *
 * In a closed loop only. There the mean time of a request is connections / throughput (Little's
 * law), whatever the thread waits for. In an open loop the waiting would be lateness. */
#ifndef IOM_COALESCE_H
#define IOM_COALESCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

#define COALESCE_SLICE_NS (20 * NS_PER_MS)
/* On after a slice with at least this share of CPU time, off after a slice with less than the
 * lower share. Between the two lies what waiting for batches saves. */
#define COALESCE_ON  0.92
#define COALESCE_OFF 0.70
/* Never wait for more answers than this, */
#define COALESCE_MAX 256u
/* nor longer. Reached only where most requests are slow and few are fast; then the batch is made
 * smaller, see coalesce_fell_short(). */
#define COALESCE_WAIT_NS (2 * NS_PER_MS)

struct coalesce {
    bool allowed;
    bool on;
    uint32_t most;                  /* answers to wait for at the most */
    uint64_t slice_end;             /* 0 before the first slice */
    uint64_t wall_begin, cpu_begin; /* of the slice */
    uint64_t on_ns, slept_ns;       /* since the start: time it was on, and on no CPU of that */
};

/* Starts switched off; never to be switched on unless `allowed`. */
void coalesce_init(struct coalesce *c, bool allowed);

/* End the slice, account for it, and decide about the next one. The two clocks of the thread, in
 * nanoseconds, may begin anywhere. A slice that is ended before its time decides nothing. */
void coalesce_slice(struct coalesce *c, uint64_t wall_ns, uint64_t cpu_ns);

/* The same by the calling thread's clocks, so that on_ns and slept_ns are up to date; `now` as of
 * clock_ns(). */
void coalesce_account(struct coalesce *c, uint64_t now);

/* The thread begins to work after a pause: what it used until now says nothing. */
static inline void coalesce_resume(struct coalesce *c, uint64_t now)
{
    c->slice_end = 0;
    coalesce_account(c, now);
}

/* A wait is over; `now` as of clock_ns(). */
static inline void coalesce_waited(struct coalesce *c, uint64_t now)
{
    if (c->allowed && now >= c->slice_end)
        coalesce_account(c, now);
}

/* How many answers the next wait is to be for, where `waiting` connections wait for one. At
 * least 1. */
static inline uint32_t coalesce_batch(const struct coalesce *c, uint64_t waiting)
{
    uint64_t half = waiting / 2;

    if (!c->on || half < 2)
        return 1;
    return half < c->most ? (uint32_t)half : c->most;
}

/* A wait for a batch ran out of time with `got` answers: ask for fewer for a while. */
void coalesce_fell_short(struct coalesce *c, uint32_t got);

#endif
