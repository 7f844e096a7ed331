#include "timetable.h"

#include "common/clock.h"
#include "common/random.h"
#include "journal.h"
#include "settings.h"

/* The lane of a request depends on its number alone, so it is independent of when the request
 * arrives, and what arrives in one lane of a Poisson process is a Poisson process again. */
static uint64_t lane_of(uint64_t number)
{
    return random_next(&number) % settings.lanes;
}

/* The server of the lane is free when it has answered what came before. Nobody is kept busy for
 * it: the queue is arithmetic (Lindley's recursion), so its service time is exact. */
static uint64_t fifo_due(uint64_t number, uint64_t now)
{
    static uint64_t free_at[MAX_LANES];
    uint64_t *lane = &free_at[lane_of(number)];

    *lane = (*lane > now ? *lane : now) + settings.service_ns;
    return *lane;
}

uint64_t timetable_due(uint64_t number, uint64_t now)
{
    static uint64_t stall_begin, stall_end;
    uint64_t due = now + settings.delay_ns;

    if (number == 1) {
        stall_begin = now + settings.stall_at_ns;
        stall_end = stall_begin + settings.stall_ns;
    }
    if (settings.service_ns > 0)
        due = fifo_due(number, now);
    else if (settings.slow_every > 0 && number % settings.slow_every == 0)
        due = now + settings.slow_ns;
    if (due >= stall_begin && due < stall_end) {
        due = stall_end;
        journal.stalled++;
    }
    return due;
}

enum fault timetable_fault(uint64_t number)
{
    for (enum fault f = FAULT_NONE + 1; f < FAULTS; f++)
        if (settings.fault_every[f] > 0 &&
            number % settings.fault_every[f] == settings.fault_phase[f])
            return f;
    return FAULT_NONE;
}
