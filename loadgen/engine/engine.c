#include "loadgen/engine/engine.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadgen/cli/options.h"
#include "loadgen/engine/client_conn.h"

void engine_count_sent(struct io *io, size_t size)
{
    uint64_t paid = io->unpaid < size ? io->unpaid : size;
    io->unpaid -= paid;
    io->total.n[COUNT_BYTES_OUT] += size - paid;
}

static void advance(struct client_conn *c, size_t size)
{
    c->out_left -= size;
    if (c->pipeline)
        pipeline_sent(c->pipeline, size);
    else
        c->out += size;
}

bool engine_send(struct io *io, struct client_conn *c)
{
    while (c->out_left > 0) {
        ssize_t n = c->pipeline ? sendmsg(c->fd, pipeline_message(c->pipeline), MSG_NOSIGNAL)
                                : send(c->fd, c->out, c->out_left, MSG_NOSIGNAL);
        io->total.n[COUNT_SEND]++;
        if (n >= 0) {
            engine_count_sent(io, (size_t)n);
            advance(c, (size_t)n);
        } else if (errno == EAGAIN) {
            io->total.n[COUNT_EAGAIN]++;
            return false;
        } else if (errno != EINTR) {
            io->events->send_failed(io, c, errno);
            return true;
        }
    }
    return true;
}

void engine_close_socket(const struct io *io, int fd)
{
    /* Without lingering a close is a reset, and leaves no TIME_WAIT (socket(7), tcp(7)). */
    static const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (io->options->close_by_reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}
