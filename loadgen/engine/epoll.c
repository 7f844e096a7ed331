/* Engine on epoll, edge-triggered.
 *
 * A request costs, in the normal case, one send, one recv, and a share of one epoll_wait that
 * returned a batch of answers. A socket is registered once, when its connect begins, for input,
 * output and the server's close. epoll_ctl is not called again while the socket lives: an edge is
 * reported when something new arrives, so nothing has to be switched off and on again (epoll(7)).
 *
 * A recv that returns less than it asked for has emptied the socket, and is not repeated: whatever
 * arrives later is a new edge. There are exceptions. The end of the stream may have arrived in the
 * same edge as the last bytes, so after EPOLLRDHUP the socket is read until the end shows. A full
 * buffer says nothing. On TCP recv stops at an urgent byte, which EPOLLPRI reports. On a
 * Unix-domain socket recv stops behind a passed descriptor, and nothing reports that (tcp(7),
 * unix(7)); there the socket is read until all answers that were due have come, or to EAGAIN.
 *
 * Unix-domain sockets report room to send every time the server reads (unix_write_space() in
 * net/unix/af_unix.c). TCP sockets report it only after a send that found none. So Unix-domain
 * sockets are registered without EPOLLOUT, which is added for good when a send does not fit. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/cli/options.h"
#include "loadgen/engine/client_conn.h"
#include "loadgen/engine/dial.h"
#include "loadgen/engine/engine.h"

#define BATCH       512
#define BUFFER_SIZE ((size_t)64 << 10)

struct epoll_state {
    int fd;
    int timer; /* a timer descriptor, -1 where it is not needed */
    bool is_unix;
    char buffer[BUFFER_SIZE]; /* shared by all connections: what is read is used at once */
    struct epoll_event events[BATCH];
};

static void epoll_create_engine(struct io *io)
{
    struct epoll_state *s = xmalloc(sizeof *s);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    io->state = s;
    s->timer = -1;
    s->is_unix = addr_family(&io->options->url.addr) == AF_UNIX;
    s->fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->fd < 0)
        die_errno("cannot create an epoll instance");
    if (epoll_ctl(s->fd, EPOLL_CTL_ADD, io->wake_fd, &event) < 0)
        die_errno("cannot watch the wake-up descriptor");
}

static void epoll_close_conn(struct io *io, struct client_conn *c)
{
    if (c->fd >= 0)
        engine_close_socket(io, c->fd);
    c->fd = -1;
}

static int watch(struct io *io, struct client_conn *c, int operation, bool output)
{
    struct epoll_state *s = io->state;
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET | (output ? (uint32_t)EPOLLOUT : 0),
        .data.ptr = c,
    };
    io->total.n[COUNT_EPOLL_CTL]++;
    c->watches_output = output;
    return epoll_ctl(s->fd, operation, c->fd, &event);
}

static int epoll_connect(struct io *io, struct client_conn *c)
{
    const struct epoll_state *s = io->state;
    int error = dial(io->sources, &io->source, &io->options->url.addr, 0, &c->fd);

    if ((error == 0 || error == EINPROGRESS) && watch(io, c, EPOLL_CTL_ADD, !s->is_unix) < 0)
        die_errno("cannot watch a connection");
    return error;
}

static void epoll_send(struct io *io, struct client_conn *c)
{
    if (!engine_send(io, c) && !c->watches_output && watch(io, c, EPOLL_CTL_MOD, true) < 0)
        die_errno("cannot watch a connection");
}

/* Read what has arrived, until nothing more can be there or the connection is closed. `plain`: a
 * recv that stops short has emptied the socket. */
static void receive(struct io *io, struct client_conn *c, bool plain)
{
    struct epoll_state *s = io->state;
    /* Without this end a server that is quick would keep the loop at one connection. */
    uint32_t answered = c->begun - c->on_its_way, due = c->on_its_way;

    while (c->fd >= 0) {
        ssize_t n = recv(c->fd, s->buffer, sizeof s->buffer, 0);
        int error = errno;
        io->total.n[COUNT_RECV]++;
        io->now = clock_ns();
        if (n > 0) {
            io->events->received(io, c, s->buffer, (size_t)n);
            bool all = c->begun - c->on_its_way - answered >= due;
            if ((size_t)n < sizeof s->buffer && !c->server_closed && (plain || all))
                return;
        } else if (n == 0) {
            io->events->ended(io, c);
            return;
        } else if (error == EAGAIN) {
            io->total.n[COUNT_EAGAIN]++;
            return;
        } else if (error != EINTR) {
            io->events->failed(io, c, error);
            return;
        }
    }
}

static void connect_done(struct io *io, struct client_conn *c, uint32_t events)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (events & (EPOLLERR | EPOLLHUP))
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    else if (!(events & EPOLLOUT))
        return;
    io->now = clock_ns();
    if (error)
        io->events->refused(io, c, error);
    else
        io->events->connected(io, c);
}

static void handle(struct io *io, struct client_conn *c, uint32_t events)
{
    const struct epoll_state *s = io->state;

    if (c->fd < 0)
        return; /* closed by an earlier event of the batch */
    if (c->state == CONN_CONNECTING) {
        connect_done(io, c, events);
        if (c->fd < 0)
            return;
    } else if (c->out_left > 0 && (events & EPOLLOUT)) {
        io->now = clock_ns();
        epoll_send(io, c);
        if (c->fd < 0)
            return;
    }
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->server_closed = true;
    if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        receive(io, c, !s->is_unix && !(events & EPOLLPRI));
}

/* Without epoll_pwait2() (Linux 5.11) a timer descriptor takes its place. */
static void use_timer(struct epoll_state *s)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &s->timer};

    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->timer < 0 || epoll_ctl(s->fd, EPOLL_CTL_ADD, s->timer, &event) < 0)
        die_errno("cannot set up a timer");
}

/* Wait to the nanosecond, as far as the kernel can. */
static int wait_precisely(const struct io *io, struct epoll_state *s, uint64_t deadline)
{
    struct timespec left = ns_timespec(deadline > io->now ? deadline - io->now : 0);

    if (s->timer < 0) {
        int n =
            epoll_pwait2(s->fd, s->events, BATCH, deadline == CLOCK_NEVER ? NULL : &left, NULL);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        use_timer(s);
    }
    if (deadline <= io->now)
        return epoll_wait(s->fd, s->events, BATCH, 0);
    struct itimerspec at = {.it_value = ns_timespec(deadline == CLOCK_NEVER ? 0 : deadline)};
    if (timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &at, NULL) < 0)
        die_errno("cannot set a timer");
    return epoll_wait(s->fd, s->events, BATCH, -1);
}

static void epoll_wait_events(struct io *io, uint64_t deadline)
{
    struct epoll_state *s = io->state;
    uint64_t from = io_wait_begins(io);
    bool sleeps = deadline > io->now;
    int n = io->precise
                ? wait_precisely(io, s, deadline)
                : epoll_wait(s->fd, s->events, BATCH, clock_timeout_ms(io->now, deadline));

    io->total.n[COUNT_EPOLL_WAIT]++;
    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for events");
    io->more = n < 0 || n == BATCH;
    io->now = clock_ns();
    io_wait_over(io, from, sleeps, n > 0);
    if (io->awake)
        io->awake(io->owner);
    for (int i = 0; i < n; i++) {
        void *about = s->events[i].data.ptr;
        if (about == &s->timer) {
            io->now = clock_ns();
        } else if (about) {
            handle(io, about, s->events[i].events);
        } else {
            uint64_t count;
            io->now = clock_ns();
            if (read(io->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
                die_errno("cannot read the wake-up descriptor");
        }
        io_mind_alarm(io);
    }
}

static void epoll_destroy(struct io *io)
{
    struct epoll_state *s = io->state;
    if (s->timer >= 0)
        close(s->timer);
    close(s->fd);
    free(s);
}

const struct engine engine_epoll = {
    .name = "epoll",
    .create = epoll_create_engine,
    .connect = epoll_connect,
    .send = epoll_send,
    .close = epoll_close_conn,
    .wait = epoll_wait_events,
    .destroy = epoll_destroy,
};
