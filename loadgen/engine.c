#include "loadgen/engine.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "loadgen/dial.h"
#include "loadgen/run.h"
#include "loadgen/worker.h"

#ifdef IOM_HAVE_IO_URING
static const struct engine *const ring = &engine_io_uring;
#else
static const struct engine *const ring = NULL;
#endif

int engine_open(struct worker *w, struct client_conn *c)
{
    int error = dial(&w->run->sources, &w->source, &w->run->options->url.addr, 0, &c->fd);

    if (error == EMFILE || error == ENFILE) {
        errno = error;
        die_errno("cannot open connection %u of %u", w->first_id + (uint32_t)(c - w->conns) + 1,
                  w->run->options->connections);
    }
    return error;
}

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
    char why[160];

    if (choice == ENGINE_EPOLL)
        return &engine_epoll;
    if (ring_works(why, sizeof why))
        return ring;
    if (choice == ENGINE_IO_URING)
        die("--engine io_uring: %s", why);
    warn("io_uring is not used: %s; using epoll", why);
    return &engine_epoll;
}
