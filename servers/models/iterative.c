/* iterative: one connection at a time.
 *
 * How it waits   In accept() for a client, then in recv() for that client alone.
 * Who works      The one process.
 * It costs       2 system calls per request (recv, send), as few as any model can make. A
 *                connection that waits costs nothing here: it lies in the kernel's queue,
 *                unanswered.
 * It breaks      With the second client. A keep-alive connection holds the server until it closes.
 *                All others hang, although connect() succeeded: the kernel completes the handshake
 *                for the backlog (listen(2)). Throughput alone does not show the hanging; the
 *                number of starved connections does.
 *
 * The queue is as long as the smaller of --backlog and net.core.somaxconn. When the queue is full
 * the kernel drops further handshakes. The clients try again after one second, then after three,
 * and so on: to a client that looks like a slow network. */
#include "servers/model.h"

#include "servers/drive/serve_blocking.h"
#include "servers/net.h"

static struct blocking_conn current = {.fd = -1};

static void serve(struct server *server)
{
    static const atomic_size_t none_open = 0;
    int fd;
    while ((fd = net_accept_wait(server, &none_open)) >= 0)
        serve_blocking(server, server->counters, fd, &current);
}

static void stop(void)
{
    blocking_conn_drain(&current);
}

const struct model model = {
    .name = "iterative",
    .summary = "one connection at a time, from accept to close",
    .no_workers = "it serves one connection at a time; prefork is this with several processes",
    .concurrency = 1,
    .serve = serve,
    .stop = stop,
};
