#include "servers/drive/serve_blocking.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "servers/app/count.h"

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

/* One connection under way. The clock is read when a blocking call returns and at no other time. */
struct talk {
    struct server *server;
    struct session *session;
    struct blocking_conn *b;
    uint64_t now;
};

/* A recv or a send has returned `n`. Returns false when the connection is broken. */
static bool returned(struct talk *t, ssize_t n)
{
    int error = errno;
    uint64_t deadline = session_deadline(t->session);
    t->now = clock_ns();
    /* The kernel counts in ticks, and may find that the timeout is over a tick too early. */
    if (n < 0 && error == EAGAIN && t->now < deadline)
        t->now = deadline;
    return n >= 0 || error == EAGAIN || error == EINTR;
}

/* Wait for input and read it. Returns false when the connection is broken. */
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
        shutdown(t->b->fd, SHUT_RD); /* bytes that have come are still read */
    ssize_t n = recv(t->b->fd, space, room, 0);
    atomic_store(&t->b->idle, 0);
    bool ok = returned(t, n);
    count_wakeup(s->counters, 1);
    if (n > 0)
        session_received(s, (size_t)n, t->now);
    else if (n == 0)
        session_eof(s);
    return ok;
}

static bool transmit(struct talk *t)
{
    size_t length;
    const uint8_t *data = session_output(t->session, &length);
    ssize_t n = send(t->b->fd, data, length, MSG_NOSIGNAL);
    bool ok = returned(t, n);
    if (n > 0)
        session_sent(t->session, (size_t)n, t->now);
    return ok;
}

static bool shut(struct talk *t)
{
    if (shutdown(t->b->fd, SHUT_WR) != 0)
        return false;
    session_shut(t->session, t->now);
    set_timeout(t->b->fd, SO_RCVTIMEO, session_deadline(t->session) - t->now);
    return true;
}

static void converse(struct talk *t)
{
    struct session *s = t->session;

    for (bool open = true; open;) {
        session_heed_stop(s, t->server);
        switch (session_next(s, t->now)) {
        case SESSION_READ:
            open = receive(t);
            break;
        case SESSION_WRITE:
            open = transmit(t);
            break;
        case SESSION_WAIT:
            sleep_until(session_deadline(s));
            t->now = clock_ns();
            break;
        case SESSION_SHUT:
            open = shut(t);
            break;
        case SESSION_CLOSE:
            return;
        }
        /* Each recv waits for the whole timeout anew, after bytes that trickle and after a signal;
         * so a request may take up to twice the timeout before this is found out. */
        session_expired(s, t->now);
    }
}

void serve_blocking(struct server *server, struct counters *counters, int fd,
                    struct blocking_conn *b)
{
    uint64_t now = clock_ns(), idle_timeout = server->app_options.idle_timeout;
    struct session *s = session_open(server->app, &server->app_options, counters, now);
    if (s) {
        if (idle_timeout != CLOCK_NEVER) {
            set_timeout(fd, SO_RCVTIMEO, idle_timeout);
            set_timeout(fd, SO_SNDTIMEO, idle_timeout);
        }
        atomic_store(&b->fd, fd);
        converse(&(struct talk){.server = server, .session = s, .b = b, .now = now});
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
