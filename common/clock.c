#include "common/clock.h"

#include <limits.h>

int clock_timeout_ms(uint64_t now, uint64_t deadline)
{
    if (deadline == CLOCK_NEVER)
        return -1;
    if (deadline <= now)
        return 0;
    uint64_t ms = (deadline - now - 1) / NS_PER_MS + 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}
