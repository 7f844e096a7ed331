#include "servers/drive/serve_blocking.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/drive/conn.h"

static void set_timeout(int fd, int option, uint64_t ns)
{
    struct timeval t = {.tv_sec = (time_t)(ns / NS_PER_S),
                        .tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US)};
    if (t.tv_sec == 0 && t.tv_usec == 0)
        t.tv_usec = 1; /* zero would mean no limit (socket(7)) */
    setsockopt(fd, SOL_SOCKET, option, &t, sizeof t);
}

static void sleep_until(uint64_t at)
{
    struct timespec t = ns_timespec(at);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        continue;
}

/* See SESSION_LINGER. */
static void linger(int fd)
{
    struct buffer *sink = buffer_take();
    uint64_t end = clock_ns() + LINGER_TIME;
    if (sink && shutdown(fd, SHUT_WR) == 0) {
        set_timeout(fd, SO_RCVTIMEO, LINGER_TIME);
        ssize_t n;
        do
            n = recv(fd, sink->data, BUFFER_SIZE, 0);
        while ((n > 0 || (n < 0 && errno == EINTR)) && clock_ns() < end);
    }
    buffer_give(sink);
}

/* One connection under way. The clock is read when a blocking call returns and at no other time. */
struct talk {
    struct server *server;
    struct session *session;
    struct blocking_conn *b;
    uint64_t now;
    uint64_t active_at; /* when it last made progress */
};

static bool is_overdue(const struct talk *t)
{
    return t->now >= clock_after(t->active_at, t->server->idle_timeout);
}

/* The connection has made no progress for the idle timeout. Returns false when the session has no
 * last word. */
static bool timed_out(struct session *s)
{
    count(&s->counters->timeouts, 1);
    return session_timed_out(s);
}

/* Wait for input and read it. Returns false when the connection is over. */
static bool receive(struct talk *t)
{
    struct session *s = t->session;
    bool idle = session_idle(s);
    size_t room;
    void *space = session_space(s, &room);
    if (!space)
        return false;

    /* blocking_conn_drain() shuts the reading side down if it sees `idle`. If it came before that,
     * `stopping` is seen here: one of the two always happens. */
    atomic_store(&t->b->idle, idle);
    if (idle && server_stopping(t->server))
        shutdown(t->b->fd, SHUT_RD); /* what has come already is still read */
    ssize_t n = recv(t->b->fd, space, room, 0);
    atomic_store(&t->b->idle, 0);
    int error = errno;
    t->now = clock_ns();
    count_wakeup(s->counters, 1);

    if (n > 0) {
        session_received(s, (size_t)n);
        if (idle)
            t->active_at = t->now;
    } else if (n == 0) {
        session_eof(s);
        return true;
    } else if (error == EAGAIN) {
        return timed_out(s);
    } else if (error != EINTR) {
        return false;
    }
    /* Each recv waits for the whole timeout anew, after bytes that trickle and after a signal; so a
     * request may take up to twice the timeout before this is found out. */
    return !is_overdue(t) || timed_out(s);
}

/* Returns false when the connection is over. */
static bool transmit(struct talk *t)
{
    size_t length;
    const uint8_t *data = session_output(t->session, &length);
    ssize_t n = send(t->b->fd, data, length, MSG_NOSIGNAL);
    int error = errno;
    t->now = clock_ns();
    if (n > 0) {
        session_sent(t->session, (size_t)n);
        t->active_at = t->now;
        return true;
    }
    if (n < 0 && error == EINTR && !is_overdue(t))
        return true;
    if (n < 0 && (error == EAGAIN || error == EINTR))
        count(&t->session->counters->timeouts, 1);
    return false;
}

static void converse(struct talk *t)
{
    struct session *s = t->session;

    for (;;) {
        session_heed_stop(s, t->server);
        uint32_t progress = s->progress;
        enum session_want want = session_next(s, t->now);
        if (s->progress != progress)
            t->active_at = t->now;
        switch (want) {
        case SESSION_READ:
            if (!receive(t))
                return;
            break;
        case SESSION_WRITE:
            if (!transmit(t))
                return;
            break;
        case SESSION_WAIT:
            sleep_until(s->wake_at);
            t->now = t->active_at = clock_ns();
            break;
        case SESSION_CLOSE:
            return;
        case SESSION_LINGER:
            linger(t->b->fd);
            return;
        }
    }
}

void serve_blocking(struct server *server, struct counters *counters, int fd,
                    struct blocking_conn *b)
{
    struct session *s = session_open(server->app, &server->app_options, counters);
    if (s) {
        if (server->idle_timeout != CLOCK_NEVER) {
            set_timeout(fd, SO_RCVTIMEO, server->idle_timeout);
            set_timeout(fd, SO_SNDTIMEO, server->idle_timeout);
        }
        atomic_store(&b->fd, fd);
        uint64_t now = clock_ns();
        converse(&(struct talk){
            .server = server, .session = s, .b = b, .now = now, .active_at = now});
        session_close(s);
    }
    /* Nobody may touch the number once it can belong to another connection. */
    atomic_store(&b->fd, -1);
    close(fd);
    count(&counters->closed, 1);
}

void blocking_conn_drain(struct blocking_conn *b)
{
    int fd = atomic_load(&b->fd);
    if (fd >= 0 && atomic_load(&b->idle))
        shutdown(fd, SHUT_RD);
}
