#include "loadgen/engine/engine.h"

#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadgen/cli/options.h"
#include "loadgen/engine/client_conn.h"

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

void engine_close_socket(const struct io *io, int fd)
{
    /* Without lingering a close is a reset, and leaves no TIME_WAIT (socket(7), tcp(7)). */
    static const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (io->options->close_by_reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}
