/* Which engine is used. */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "loadgen/engine/engine.h"

#ifdef IOM_HAVE_IO_URING
static const struct engine *const ring = &engine_ring;
#else
static const struct engine *const ring = NULL;
#endif

static bool ring_works(char *why, size_t size)
{
    if (ring)
        return ring->available(why, size);
    static const char text[] = "this program was built without liburing";
    for (size_t i = 0; i < sizeof text && i < size; i++)
        why[i] = text[i];
    return false;
}

const struct engine *engine_choose(enum engine_choice choice)
{
    static bool told; /* by an earlier run of a search */
    char why[160];

    if (choice == ENGINE_EPOLL)
        return &engine_epoll;
    if (ring_works(why, sizeof why))
        return ring;
    if (choice == ENGINE_IO_URING)
        die("--engine io_uring: %s", why);
    if (!told)
        warn("io_uring is not used: %s; using epoll", why);
    told = true;
    return &engine_epoll;
}
