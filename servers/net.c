#include "net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "counters.h"

/* How long to leave a full server in peace before it tries to accept again. */
#define EXHAUSTED_PAUSE_MS 20

static void set_option(int fd, int level, int name, int value, const char *text)
{
    if (setsockopt(fd, level, name, &value, sizeof value) != 0)
        die_errno("cannot set %s", text);
}

/* A socket file outlives its server. It is stale if connecting to it is refused. */
static void remove_stale(const struct addr *a)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&a->storage;
    struct stat st;
    if (un->sun_path[0] == '\0' || lstat(un->sun_path, &st) != 0)
        return;
    if (!S_ISSOCK(st.st_mode))
        die("cannot listen on unix:%s: a file that is no socket is there", un->sun_path);
    /* Non-blocking: a server whose backlog is full says EAGAIN, and lives. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die_errno("cannot create a socket");
    if (connect(fd, addr_sockaddr(a), a->len) != 0 && errno == ECONNREFUSED)
        unlink(un->sun_path);
    close(fd);
}

/* `shared`: with the sockets that are already there; `sharing`: with those to come. */
static int listen_on(struct addr *a, int backlog, bool nonblocking, bool shared, bool sharing)
{
    char text[ADDR_TEXT_MAX];
    int family = addr_family(a);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
    if (fd < 0)
        die_errno("cannot create a socket for %s", addr_format(a, text));

    if (family == AF_UNIX) {
        remove_stale(a);
    } else {
        set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
        /* Answers go out at once. Linux hands the option down from the listening socket to the
         * accepted ones, which saves a system call for each. */
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    }
    if (family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
    if (shared)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    if (bind(fd, addr_sockaddr(a), a->len) != 0)
        die_errno("cannot listen on %s", addr_format(a, text));
    /* Set after bind: so the first socket refuses a port on which another server of this kind
     * listens, instead of taking a share of its connections. */
    if (sharing)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    if (listen(fd, backlog) != 0)
        die_errno("cannot listen on %s", addr_format(a, text));
    if (!addr_local(fd, a))
        die_errno("cannot tell the address of the listening socket");
    return fd;
}

void net_listen(struct addr *a, int backlog, bool nonblocking, int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fds[i] = listen_on(a, backlog, nonblocking, i > 0, i == 0 && count > 1);
}

unsigned net_stop_listening(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        info.tcpi_unacked = 0;
    shutdown(fd, SHUT_RD);
    return info.tcpi_unacked;
}

void net_unlink(const struct addr *a)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&a->storage;
    if (addr_family(a) == AF_UNIX && un->sun_path[0] != '\0')
        unlink(un->sun_path);
}

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

enum net_accept net_accept(struct server *server, int flags, int *fd)
{
    struct counters *c = server->counters;
    *fd = accept4(server->listen_fd, NULL, NULL, flags | SOCK_CLOEXEC);
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
    poll(&stop, 1, EXHAUSTED_PAUSE_MS);
    return NET_RETRY;
}

int net_accept_wait(struct server *server, const atomic_size_t *open_connections)
{
    for (;;) {
        int fd;
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
