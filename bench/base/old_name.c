#include "bench/base/old_name.h"

#include "common/err.h"

void old_name(const char *place, const char *old, const char *now)
{
    warn("%s: %s is now called %s; the old name goes with the next release", place, old, now);
}
