#include "common/locked_memory.h"

#include <errno.h>
#include <time.h>

#include "common/clock.h"

static const uint64_t patience_ns = 5 * NS_PER_S;
static const uint64_t pause_ns = 5 * NS_PER_MS;

bool locked_memory_may_come(int result, uint64_t *since)
{
    if (result != -ENOMEM)
        return false;
    uint64_t now = clock_ns();
    if (*since == 0)
        *since = now;
    if (now - *since >= patience_ns)
        return false;
    struct timespec pause = ns_timespec(pause_ns);
    nanosleep(&pause, NULL);
    return true;
}
