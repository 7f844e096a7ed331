#include "loadgen/engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "loadgen/engine/dial.h"
#include "loadgen/load/run.h"
#include "loadgen/load/worker.h"

#ifdef IOM_HAVE_IO_URING
static const struct engine *const ring = &engine_io_uring;
#else
static const struct engine *const ring = NULL;
#endif

int engine_open(struct worker *w, struct client_conn *c)
{
    return dial(&w->run->sources, &w->source, &w->run->options->url.addr, 0, &c->fd);
}

ssize_t engine_send_some(struct client_conn *c)
{
    if (c->pipeline)
        return sendmsg(c->fd, pipeline_message(c->pipeline), MSG_NOSIGNAL);
    return send(c->fd, c->out, c->out_left, MSG_NOSIGNAL);
}

void engine_sent(struct client_conn *c, size_t size)
{
    c->out_left -= size;
    if (c->pipeline)
        pipeline_sent(c->pipeline, size);
    else
        c->out += size;
}

void engine_close_socket(const struct worker *w, int fd)
{
    /* Without lingering a close is a reset, and leaves no TIME_WAIT (socket(7), tcp(7)). */
    static const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (w->run->options->close_by_reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
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
