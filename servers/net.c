#include "servers/net.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "servers/counters.h"

void net_refuse(struct server *server, int fd)
{
    close(fd);
    count(&server->counters->refused, 1);
    count(&server->counters->closed, 1);
}

bool net_admit(struct server *server, size_t open_connections, int fd)
{
    if (server->max_connections == 0)
        return true;
    if (model.workers)
        open_connections = counters_open() - 1; /* this one is counted already */
    if (open_connections < server->max_connections)
        return true;
    net_refuse(server, fd);
    return false;
}

void net_wait(const struct server *server)
{
    struct epoll_event e;
    if (server->socket_count > 1)
        epoll_wait(server->listen_fd, &e, 1, -1);
}

bool net_listens_on(const struct server *server, int fd)
{
    unsigned i = 0;
    while (i < server->socket_count && server->sockets[i] != fd)
        i++;
    return i < server->socket_count;
}

static int accept_from_any(struct server *server, int flags)
{
    int fd = -1;
    for (unsigned i = 0; i < server->socket_count; i++) {
        unsigned next = server->next_socket;
        server->next_socket = next + 1 < server->socket_count ? next + 1 : 0;
        fd = accept4(server->sockets[next], NULL, NULL, flags);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
}

enum net_accept net_accept(struct server *server, int flags, int *fd)
{
    struct counters *c = server->counters;
    *fd = accept_from_any(server, flags | SOCK_CLOEXEC);
    if (*fd >= 0) {
        /* Not by count(): counters_open() needs the order of all workers' accepts. */
        atomic_fetch_add(&c->accepted, 1);
        return NET_ACCEPTED;
    }

    switch (errno) {
    case EAGAIN:
        count(&c->eagain, 1);
        return NET_NONE;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        /* Linux looks for a free descriptor before it looks at the socket: this error hides that
         * the socket was shut down. */
        if (server_stopping(server))
            return NET_STOPPED;
        count(&c->accept_errors, 1);
        return NET_EXHAUSTED;
    case EINVAL:
    case EBADF:
        return NET_STOPPED;
    default:
        /* ECONNABORTED, EINTR, and network errors of that connection, which Linux reports here
         * (accept(2)). */
        return server_stopping(server) ? NET_STOPPED : NET_RETRY;
    }
}

enum net_accept net_accept_admitted(struct server *server,
                                    const atomic_size_t *open_connections, int *fd)
{
    enum net_accept result = net_accept(server, 0, fd);
    if (result == NET_ACCEPTED && !net_admit(server, atomic_load(open_connections), *fd))
        return NET_RETRY;
    if (result != NET_EXHAUSTED)
        return result;
    struct pollfd stop = {.fd = server->stop_fd, .events = POLLIN};
    poll(&stop, 1, (int)(ACCEPT_REST / NS_PER_MS));
    return NET_RETRY;
}

int net_accept_wait(struct server *server, const atomic_size_t *open_connections)
{
    for (;;) {
        int fd;
        net_wait(server);
        switch (net_accept_admitted(server, open_connections, &fd)) {
        case NET_ACCEPTED:
            count_wakeup(server->counters, 1);
            return fd;
        case NET_STOPPED:
            return -1;
        default:
            break;
        }
    }
}
