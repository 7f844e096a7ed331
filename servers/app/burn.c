#include "servers/app/burn.h"

#include "common/clock.h"

/* CPU time has a clock of its own, but reading it is a system call, and the system calls of a
 * server are what this suite counts. So the ordinary clock is read over and over: from one reading
 * to the next go some tens of nanoseconds, and a long gap means that another thread had the CPU; no
 * more than a little of it is counted. */
int64_t burn(int64_t ns)
{
    enum { gap = 5 * NS_PER_US };
    /* Of the first reading and the last, as much as one takes lies outside of all gaps. */
    static _Thread_local uint64_t reading = gap;
    int64_t left = ns;
    if (left <= 0)
        return -left;
    uint64_t before = clock_ns();
    while (left > 0) {
        uint64_t now = clock_ns(), used = now - before;
        before = now;
        if (used > gap)
            used = gap; /* and not nothing: a slow clock source must not make this endless */
        if (used < reading)
            reading = used;
        left -= (int64_t)used;
    }
    return (int64_t)reading - left;
}

void burn_request(void)
{
    /* What one request burned too much, the next ones burn less: the mean is exact even where a
     * reading of the clock takes as long as a request is to burn. */
    static _Thread_local int64_t too_much;
    if (IOM_BURN_NS == 0)
        return;
    too_much -= IOM_BURN_NS;
    if (too_much < 0)
        too_much = burn(-too_much);
}
