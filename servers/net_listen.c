#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/net.h"

/* How often to look for a port that several addresses have free. */
#define PORT_TRIES 100

/* How often to try to lock a directory, and the pause between two tries. */
#define LOCK_TRIES    100
#define LOCK_PAUSE_NS (10 * NS_PER_MS)

static void set_option(int fd, int level, int name, int value, const char *text)
{
    if (setsockopt(fd, level, name, &value, sizeof value) != 0)
        die_errno("cannot set %s", text);
}

/* The socket file that is this server's. The name does not identify the file: another server that
 * finds the file gone, or nobody listening, puts another file there. The inode's number does not
 * either: a file system gives the number of a removed file to a new file. So the moment of the
 * file's birth is compared too, where the file system keeps that moment. */
static char own_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
static struct statx own_file;

static bool identify(const char *path, struct statx *x)
{
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, x) == 0;
}

static bool is_same(const struct statx *a, const struct statx *b)
{
    return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
           a->stx_dev_minor == b->stx_dev_minor && a->stx_btime.tv_sec == b->stx_btime.tv_sec &&
           a->stx_btime.tv_nsec == b->stx_btime.tv_nsec;
}

/* Two servers that start at one time could both find the file stale, and the second remove the
 * first one's file. So a server locks the directory while it looks. A stranger who may open the
 * directory can hold the lock for ever, so after a second the server goes without. Returns -1
 * where the directory cannot be opened: then the server goes without too. */
static int lock_directory(const char *path)
{
    char directory[sizeof own_path + 1] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(directory, sizeof directory, "%.*s/", (int)(slash - path), path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            break;
        nanosleep(&pause, NULL);
    }
    return fd;
}

/* A socket file outlives its server. It is stale if connecting to it is refused. */
static void remove_stale(const struct addr *a)
{
    const char *path = ((const struct sockaddr_un *)&a->storage)->sun_path;
    struct stat st;
    if (lstat(path, &st) != 0)
        return;
    if (!S_ISSOCK(st.st_mode))
        die("cannot listen on unix:%s: a file that is no socket is there", path);
    /* Non-blocking: a server whose backlog is full says EAGAIN, and lives. */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die_errno("cannot create a socket");
    if (connect(fd, addr_sockaddr(a), a->len) != 0 && errno == ECONNREFUSED)
        unlink(path);
    close(fd);
}

static _Noreturn void cannot_listen(const struct addr *a)
{
    char text[ADDR_TEXT_MAX];
    int error = errno;
    addr_format(a, text);
    errno = error;
    die_errno("cannot listen on %s", text);
}

bool net_takes_ipv4_too(const struct addr *a)
{
    return addr_family(a) == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&a->storage)->sin6_addr);
}

static int listen_on_unix(const struct addr *a, int flags, int backlog)
{
    const char *path = ((const struct sockaddr_un *)&a->storage)->sun_path;
    int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0), lock = -1;
    if (fd < 0)
        die_errno("cannot create a socket");
    if (path[0] != '\0') {
        lock = lock_directory(path);
        remove_stale(a);
    }
    if (bind(fd, addr_sockaddr(a), a->len) != 0 || listen(fd, backlog) != 0)
        cannot_listen(a);
    if (path[0] != '\0' && identify(path, &own_file))
        strcpy(own_path, path);
    if (lock >= 0)
        close(lock);
    return fd;
}

/* Returns -1 with errno where `*a` cannot be bound. `shared`: with the sockets that are already
 * there; `sharing`: with those to come. */
static int bind_tcp(const struct addr *a, int flags, bool shared, bool sharing)
{
    int fd = socket(addr_family(a), SOCK_STREAM | flags, 0);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    /* Answers go out at once. Linux hands the option down from the listening socket to the
     * accepted ones, which saves a system call for each. */
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    if (addr_family(a) == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !net_takes_ipv4_too(a), "IPV6_V6ONLY");
    if (shared)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    if (bind(fd, addr_sockaddr(a), a->len) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    /* Set after bind: so the first socket refuses a port on which another server of this kind
     * listens, instead of taking a share of its connections. */
    if (sharing)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    return fd;
}

/* Bind the first group, and leave addresses out that are not this machine's. Returns false where
 * the port that the kernel chose for the first one is in use at another: nothing is bound then. */
static bool bind_all(struct listeners *l, int flags)
{
    char text[ADDR_TEXT_MAX];
    unsigned n = 0, port = addr_port(&l->addresses[0]);
    bool chosen = port == 0;
    bool has_ipv4 = false;
    for (unsigned i = 0; i < l->count; i++) {
        struct addr a = l->addresses[i];
        addr_set_port(&a, port);
        if (has_ipv4 && addr_family(&a) == AF_INET)
            continue;
        int fd = bind_tcp(&a, flags, false, l->groups > 1);
        if (fd < 0 && errno == EADDRINUSE && chosen && port != 0) {
            while (n > 0)
                close(l->sockets[--n]);
            return false;
        }
        bool foreign = fd < 0 && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
        if (fd < 0 && !(foreign && (n > 0 || i + 1 < l->count)))
            cannot_listen(&a);
        if (fd < 0) {
            const char *why = strerror(errno);
            warn("not listening on %s: %s", addr_format(&a, text), why);
            continue;
        }
        if (!addr_local(fd, &l->addresses[n]))
            die_errno("cannot tell the address of the listening socket");
        port = addr_port(&l->addresses[n]);
        has_ipv4 |= net_takes_ipv4_too(&l->addresses[n]);
        l->sockets[n++] = fd;
    }
    l->count = n;
    return true;
}

/* Put [::] first: where it can be had, it takes the connections of every IPv4 address too. */
static void sort_widest_first(struct listeners *l)
{
    for (unsigned i = 1; i < l->count; i++) {
        struct addr a = l->addresses[i];
        if (!net_takes_ipv4_too(&a))
            continue;
        l->addresses[i] = l->addresses[0];
        l->addresses[0] = a;
    }
}

static void listen_on_tcp(struct listeners *l, int flags, int backlog)
{
    sort_widest_first(l);
    struct listeners wanted = *l;
    unsigned tries = 0;
    while (!bind_all(l, flags)) {
        if (++tries == PORT_TRIES)
            die("cannot find a port that is free on all %u addresses", l->count);
        *l = wanted;
    }
    for (unsigned i = l->count; i < l->groups * l->count; i++)
        if ((l->sockets[i] = bind_tcp(&l->addresses[i % l->count], flags, true, false)) < 0)
            cannot_listen(&l->addresses[i % l->count]);
    for (unsigned i = 0; i < l->groups * l->count; i++)
        if (listen(l->sockets[i], backlog) != 0)
            cannot_listen(&l->addresses[i % l->count]);
}

/* One descriptor to wait for several. */
static int gather(const int *sockets, unsigned count)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; epoll >= 0 && i < count; i++) {
        struct epoll_event e = {.events = EPOLLIN};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &e) != 0)
            epoll = -1;
    }
    if (epoll < 0)
        die_errno("cannot watch %u listening sockets", count);
    return epoll;
}

void net_listen(struct listeners *l, int backlog, bool nonblocking)
{
    /* Who waits for several must not block in accept on one. */
    int flags = SOCK_CLOEXEC | (nonblocking || l->count > 1 ? SOCK_NONBLOCK : 0);
    l->sockets = xcalloc(l->groups * l->count, sizeof *l->sockets);
    l->waits = xcalloc(l->groups, sizeof *l->waits);
    if (addr_family(&l->addresses[0]) == AF_UNIX)
        l->sockets[0] = listen_on_unix(&l->addresses[0], flags, backlog);
    else
        listen_on_tcp(l, flags, backlog);
    for (unsigned g = 0; g < l->groups; g++)
        l->waits[g] =
            l->count == 1 ? l->sockets[g] : gather(l->sockets + g * l->count, l->count);
}

void net_free(struct listeners *l)
{
    free(l->sockets);
    free(l->waits);
}

void net_use(struct server *server, const struct listeners *l, unsigned group)
{
    server->listen_fd = l->waits[group];
    server->sockets = l->sockets + group * l->count;
    server->socket_count = l->count;
    server->is_unix = addr_family(&l->addresses[0]) == AF_UNIX;
}

void net_close(const struct server *server)
{
    if (server->socket_count > 1)
        close(server->listen_fd);
    for (unsigned i = 0; i < server->socket_count; i++)
        close(server->sockets[i]);
}

/* shutdown() leaves the queue of a Unix-domain socket as it is, and whoever waits in connect() for
 * a place in the queue sleeps on. Emptying the queue ends both waits. No connection is added to the
 * queue meanwhile. Returns how many it held. */
static unsigned turn_away_queue(int fd)
{
    unsigned n = 0;
    for (int c; (c = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; n++)
        close(c);
    return n;
}

static unsigned stop_socket(int fd, bool is_unix)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        info.tcpi_unacked = 0;
    shutdown(fd, SHUT_RD);
    return is_unix ? turn_away_queue(fd) : info.tcpi_unacked;
}

unsigned net_stop_listening(const struct listeners *l)
{
    /* Before the socket is shut down: while somebody listens nobody puts another file there. */
    struct statx found;
    if (own_path[0] != '\0' && identify(own_path, &found) && is_same(&found, &own_file))
        unlink(own_path);
    unsigned unaccepted = 0;
    for (unsigned i = 0; i < l->groups * l->count; i++)
        unaccepted += stop_socket(l->sockets[i], addr_family(&l->addresses[0]) == AF_UNIX);
    return unaccepted;
}
