#include "bench/check/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/wait.h"
#include "bench/check/freeze.h"
#include "common/clock.h"
#include "common/err.h"

enum { READ_SIZE = 1 << 18, SMALL_BUFFER = 1 << 16, SHOWN = 100, SHOWN_PIECES = 3 };

/* How often the user's wish to stop is looked for. */
static const uint64_t look_ns = 100 * NS_PER_MS;
/* Between two attempts to connect to a server that does not listen yet. */
static const uint64_t retry_ns = 5 * NS_PER_MS;
/* How long a server may take to listen, at least: an interpreter has much to load. */
static const uint64_t start_ns = 30 * NS_PER_S;
/* Between two bytes that are to arrive one by one. */
static const uint64_t piece_ns = NS_PER_MS;
/* A server that has had so much of a CPU behind the first of them has read it. */
static const uint64_t read_ns = 10 * NS_PER_MS;
/* Nothing more is taken for so long and the server does nothing: it is full. One that never rests
 * is believed after some more of it. */
static const uint64_t full_ns = 200 * NS_PER_MS;
enum { FULL_TRIES = 10 };

void clients_note(const struct clients *all, const char *format, ...)
{
    va_list args;
    fprintf(all->log, "%8.3f s  ", (double)(clock_ns() - all->begin) / 1e9);
    va_start(args, format);
    vfprintf(all->log, format, args);
    va_end(args);
    putc('\n', all->log);
    fflush(all->log);
}

static void note_bytes(const struct clients *all, const struct client *c, const char *arrow,
                       const char *data, size_t size)
{
    char *text = bytes_quote(data, size, SHOWN);
    clients_note(all, "%s %s %zu bytes %s", c->name, arrow, size, text);
    free(text);
}

uint64_t clients_deadline(const struct clients *all)
{
    return clock_after(clock_ns(), all->patience);
}

struct client *clients_add(struct clients *all, char *name)
{
    all->at = xrealloc(all->at, (all->count + 1) * sizeof *all->at);
    struct client *c = &all->at[all->count++];
    *c = (struct client){.name = name, .fd = -1};
    return c;
}

struct client *clients_find(const struct clients *all, const char *name)
{
    for (size_t i = all->count; i > 0; i--)
        if (strcmp(all->at[i - 1].name, name) == 0)
            return &all->at[i - 1];
    return NULL;
}

void client_leave(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void clients_free(struct clients *all)
{
    for (size_t i = 0; i < all->count; i++) {
        client_leave(&all->at[i]);
        free(all->at[i].name);
        free(all->at[i].in);
    }
    free(all->at);
    all->at = NULL;
    all->count = 0;
}

/* One send and one read of the client that floods. What comes back is the business of other
 * cases. */
static void pump(struct clients *all)
{
    static char buffer[READ_SIZE];
    const struct bytes *b = all->flood;
    int fd = all->at[all->live - 1].fd;
    size_t at = all->flood_sent % b->size;
    ssize_t n = send(fd, b->data + at, b->size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        all->flood_sent += (size_t)n;
    all->flood_broken |= n < 0 && errno != EAGAIN;
    n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    all->flood_broken |= n == 0 || (n < 0 && errno != EAGAIN);
}

enum client_result clients_wait(struct clients *all, const struct client *c, short events,
                                uint64_t deadline)
{
    for (;;) {
        uint64_t now = clock_ns();
        uint64_t look = clock_after(now, look_ns);
        bool floods = all->live > 0 && !all->flood_broken;
        struct pollfd fds[] = {
            {.fd = c ? c->fd : -1, .events = events},
            {.fd = all->pidfd, .events = POLLIN},
            {.fd = floods ? all->at[all->live - 1].fd : -1, .events = POLLIN | POLLOUT},
        };
        int n = poll(fds, 3, clock_timeout_ms(now, look < deadline ? look : deadline));
        if (wait_was_interrupted())
            return CLIENT_INTERRUPTED;
        if (n < 0 && errno != EINTR)
            die_errno("cannot wait");
        if (n > 0 && fds[2].revents)
            pump(all);
        if (n > 0 && fds[0].revents)
            return CLIENT_OK;
        if (n > 0 && fds[1].revents)
            return CLIENT_DIED;
        if (clock_ns() >= deadline)
            return CLIENT_LATE;
    }
}

static void make_socket(struct client *c, bool small)
{
    int one = 1, bytes = SMALL_BUFFER;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        die_errno("cannot make a socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (small) {
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    }
}

enum client_result client_begin(struct clients *all, struct client *c, bool small)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)all->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    make_socket(c, small);
    c->touched = clock_ns();
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS)
        return CLIENT_OK;
    if (errno != ECONNREFUSED && errno != ECONNRESET)
        die_errno("cannot connect to port %u", all->port);
    client_leave(c);
    return CLIENT_BROKEN;
}

/* A connection that was begun: whether the server's side took it. */
static enum client_result finish(struct clients *all, struct client *c, uint64_t deadline)
{
    int error = 0;
    socklen_t size = sizeof error;
    enum client_result result = clients_wait(all, c, POLLOUT, deadline);
    if (result != CLIENT_OK)
        return result;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0)
        return CLIENT_OK;
    client_leave(c);
    return CLIENT_BROKEN;
}

enum client_result client_connect(struct clients *all, struct client *c, bool small)
{
    uint64_t deadline = clients_deadline(all);
    if (!all->listens && all->patience < start_ns)
        deadline = clock_after(clock_ns(), start_ns);
    enum client_result result;
    for (;;) {
        result = client_begin(all, c, small);
        if (result == CLIENT_OK)
            result = finish(all, c, deadline);
        if (result != CLIENT_BROKEN || all->listens)
            break;
        enum client_result pause =
            clients_wait(all, NULL, 0, clock_after(clock_ns(), retry_ns));
        if (pause != CLIENT_LATE)
            return pause;
        if (clock_ns() >= deadline)
            return CLIENT_BROKEN;
    }
    if (result == CLIENT_OK) {
        all->listens = true;
        clients_note(all, "%s connects", c->name);
    }
    return result;
}

/* One send; `*n` becomes how much was taken: 0 where nothing is at the moment. */
static enum client_result send_some(struct client *c, const char *data, size_t size, size_t *n)
{
    ssize_t sent = send(c->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    *n = sent > 0 ? (size_t)sent : 0;
    if (sent >= 0 || errno == EAGAIN || errno == ENOTCONN)
        return CLIENT_OK;
    return CLIENT_BROKEN;
}

/* Send from `b` until all of it is gone, or nothing has been taken for `limit`. */
static enum client_result send_until(struct clients *all, struct client *c,
                                     const struct bytes *b, uint64_t limit, size_t *done)
{
    uint64_t deadline = clock_after(clock_ns(), limit);
    c->touched = clock_ns();
    *done = 0;
    while (*done < b->size) {
        size_t n;
        enum client_result result = send_some(c, b->data + *done, b->size - *done, &n);
        if (result == CLIENT_OK && n == 0)
            result = clients_wait(all, c, POLLOUT, deadline);
        if (result != CLIENT_OK)
            return result;
        if (n > 0)
            deadline = clock_after(clock_ns(), limit);
        *done += n;
    }
    return CLIENT_OK;
}

enum client_result client_send(struct clients *all, struct client *c, const struct bytes *b)
{
    size_t done;
    enum client_result result = send_until(all, c, b, all->patience, &done);
    note_bytes(all, c, ">", b->data, done);
    return result;
}

/* Whether the server may still wait for a CPU to read with. */
static bool may_not_have_read(struct clients *all, uint64_t cpu_ns)
{
    uint64_t now = freeze_cpu_ns(all->server);
    return freeze_runs(all->server) && now >= cpu_ns && now - cpu_ns < read_ns;
}

/* A pause behind a piece. Behind the first piece it lasts until the server has read: one that is
 * kept from the CPU would else read all pieces at once. */
static enum client_result pause_behind(struct clients *all, size_t piece)
{
    uint64_t deadline = clock_after(clock_ns(), all->patience);
    uint64_t cpu_ns = piece == 0 ? freeze_cpu_ns(all->server) : 0;
    enum client_result result;
    do
        result = clients_wait(all, NULL, 0, clock_after(clock_ns(), piece_ns));
    while (piece == 0 && result == CLIENT_LATE && clock_ns() < deadline &&
           may_not_have_read(all, cpu_ns));
    return result;
}

enum client_result client_send_pieces(struct clients *all, struct client *c,
                                      const struct bytes *b)
{
    enum client_result result = CLIENT_OK;
    size_t done = 0;
    for (; done < b->size && result == CLIENT_OK; done++) {
        struct bytes one = {.data = b->data + done, .size = 1};
        size_t n;
        result = send_until(all, c, &one, all->patience, &n);
        if (result == CLIENT_OK)
            result = pause_behind(all, done);
        if (result == CLIENT_LATE)
            result = CLIENT_OK;
    }
    note_bytes(all, c, "> one by one", b->data, done);
    return result;
}

enum client_result client_push(struct clients *all, struct client *c, const struct bytes *b)
{
    enum client_result result = CLIENT_LATE;
    c->pushed = b;
    c->pushed_size = 0;
    for (int tries = 0; tries < FULL_TRIES && result == CLIENT_LATE; tries++) {
        struct bytes rest = {.data = b->data + c->pushed_size,
                             .size = b->size - c->pushed_size};
        size_t done;
        result = send_until(all, c, &rest, full_ns, &done);
        c->pushed_size += done;
        if (done > 0)
            tries = 0;
        if (result == CLIENT_LATE && !freeze_runs(all->server))
            break;
    }
    clients_note(all, "%s > %zu bytes of %zu, as many as were taken", c->name, c->pushed_size,
                 b->size);
    return result == CLIENT_LATE ? CLIENT_OK : result;
}

/* One read of what is there. */
static void read_some(struct client *c)
{
    c->in = xrealloc(c->in, c->in_size + READ_SIZE + 1);
    ssize_t n = recv(c->fd, c->in + c->in_size, READ_SIZE, MSG_DONTWAIT);
    if (n > 0)
        c->in_size += (size_t)n;
    c->ended |= n == 0;
    c->was_reset |= n < 0 && errno != EAGAIN;
}

static void note_read(const struct clients *all, const struct client *c, size_t before)
{
    if (c->in_size > before)
        note_bytes(all, c, "<", c->in + before, c->in_size - before);
    if (c->was_reset)
        clients_note(all, "%s < reset", c->name);
    else if (c->ended)
        clients_note(all, "%s < end", c->name);
}

enum client_result client_swap(struct clients *all, struct client *c, const struct bytes *b)
{
    size_t sent = 0;
    enum client_result result = CLIENT_OK;
    c->touched = clock_ns();
    while (result == CLIENT_OK && c->in_size < b->size && !c->ended && !c->was_reset) {
        size_t n = 0;
        short events = POLLIN;
        if (sent < b->size) {
            result = send_some(c, b->data + sent, b->size - sent, &n);
            events |= POLLOUT;
        }
        sent += n;
        if (result == CLIENT_OK)
            result = clients_wait(all, c, events, clients_deadline(all));
        if (result == CLIENT_OK)
            read_some(c);
    }
    clients_note(all, "%s > %zu bytes and < %zu bytes at the same time", c->name, sent,
                 c->in_size);
    return result;
}

enum client_result client_fill(struct clients *all, struct client *c, uint64_t deadline)
{
    size_t before = c->in_size;
    while (c->in_size == before && !c->ended && !c->was_reset) {
        enum client_result result = clients_wait(all, c, POLLIN, deadline);
        if (result != CLIENT_OK)
            return result;
        read_some(c);
    }
    note_read(all, c, before);
    return CLIENT_OK;
}

void client_take(struct client *c, size_t n)
{
    c->in_size -= n;
    if (c->in_size > 0)
        memmove(c->in, c->in + n, c->in_size);
}

void client_fin(struct clients *all, struct client *c)
{
    c->touched = clock_ns();
    shutdown(c->fd, SHUT_WR);
    clients_note(all, "%s > end", c->name);
}

void client_close(struct clients *all, struct client *c, bool reset)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    client_leave(c);
    clients_note(all, "%s %s", c->name, reset ? "> reset" : "closes");
}
