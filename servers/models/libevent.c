/* libevent: the library under memcached, tmux and Tor, one thread, buffers that fill and drain by
 * themselves (bufferevents).
 *
 * How it waits   In event_base_loop(), which on Linux waits in epoll_wait(), level-triggered.
 * Who works      The one thread, in the callbacks.
 * It costs       Per request ioctl(FIONREAD), readv, epoll_ctl, writev, epoll_ctl and two shares
 *                of epoll_wait: 5 + 2/batch system calls, and the library's own bookkeeping. An
 *                idle connection costs none.
 * It breaks      Not with numbers: descriptors and memory are the limit. One slow callback holds
 *                up all others.
 *
 * A bufferevent owns two evbuffers. It reads into the one when the socket is readable, asking first
 * how much there is, and never more than 4 KiB (EVBUFFER_MAX_READ); and it writes from the other
 * when the socket is writable. It never tries to write at once: what is put into the output buffer
 * adds EPOLLOUT to the set, is written after the next wait, and takes EPOLLOUT out again. That is
 * where its two epoll_ctl a request and the second wait come from.
 *
 * The bounds are its watermarks. Input stops at the high-water mark while nobody takes any, so
 * reading need not be switched off and on around an answer; the write callback comes when the
 * output has drained to the low-water mark, which is zero, and the session is asked for more output
 * no sooner. Large pieces of it are handed over by reference.
 *
 * Its read and write timeouts begin anew with every byte, which a client that sends one now and
 * then would live on; so the idle timeout is a timer event of each connection. It is not moved with
 * each request, but put back when it fires too early. The library reads the kernel's coarse clock,
 * which lags by up to a tick (its precise timers would cost a timerfd_settime a wait). */
#include "servers/model.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/counters.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

/* Output up to this size is copied, which gives the session's buffer back at once: until the next
 * wait is over, a whole batch of connections would hold theirs. Such a piece counts as sent. */
#define COPY_MAX 4096

struct peer {
    struct bufferevent *socket;
    struct event timer;
    struct session *session;
    uint64_t active_at, deadline;
    uint64_t timer_at; /* when the timer event fires; CLOCK_NEVER while it is not pending */
    size_t referred;   /* bytes of the session's output that the bufferevent refers to */
    enum session_want want;
    bool eof, lingering;
    struct peer *next, *previous;
};

static struct server *server;
static struct event_base *base;
static struct evconnlistener *listeners[ADDRESSES_MAX];
static struct event accept_timer, stop_event, drain_event;
static struct peer *peers;
static size_t count_peers;
static uint64_t events;  /* callbacks of sockets since the last wait */
static unsigned accepts; /* in this turn */
static uint64_t now;     /* read once after each wait; 0 until then */
static bool stopping;    /* stop_event has come */
static bool draining;    /* and idle connections are closed */

static void step(struct peer *p);

static uint64_t turn_time(void)
{
    if (now == 0)
        now = clock_ns();
    return now;
}

static struct timeval delay_until(uint64_t at)
{
    int ms = clock_timeout_ms(turn_time(), at);
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void close_peer(struct peer *p)
{
    *(p->previous ? &p->previous->next : &peers) = p->next;
    if (p->next)
        p->next->previous = p->previous;
    count_peers--;
    event_del(&p->timer);
    bufferevent_free(p->socket); /* closes the socket */
    session_close(p->session);
    free(p);
    count(&server->counters->closed, 1);
}

static void keep_time(struct peer *p, uint64_t deadline)
{
    p->deadline = deadline;
    if (deadline >= p->timer_at)
        return;
    p->timer_at = deadline;
    struct timeval delay = delay_until(deadline);
    event_add(&p->timer, &delay);
}

/* Events of sockets are handed out before timers: nothing that came in time is overlooked. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct peer *p = arg;
    (void)fd;
    (void)what;
    p->timer_at = CLOCK_NEVER;
    if (p->deadline > turn_time()) {
        keep_time(p, p->deadline);
        return;
    }
    bool idle = p->want == SESSION_READ || p->want == SESSION_WRITE;
    if (idle && !p->lingering)
        count(&server->counters->timeouts, 1);
    bool last_word = p->want == SESSION_READ && !p->lingering && session_timed_out(p->session);
    if (p->lingering || (idle && !last_word)) {
        close_peer(p);
        return;
    }
    p->active_at = turn_time();
    step(p);
}

/* The session takes input: what the bufferevent has read, or that there is no more. Returns false
 * when there is nothing to tell it, or no memory. */
static bool feed(struct peer *p)
{
    struct session *s = p->session;
    struct evbuffer *input = bufferevent_get_input(p->socket);
    if (evbuffer_get_length(input) == 0) {
        if (p->eof)
            session_eof(s);
        return p->eof;
    }
    if (session_idle(s))
        p->active_at = turn_time();
    size_t room;
    void *space = session_space(s, &room);
    int n = space ? evbuffer_remove(input, space, room) : -1;
    if (n > 0)
        session_received(s, (size_t)n);
    s->failed |= n < 0;
    return true;
}

static bool transmit(struct peer *p)
{
    size_t length;
    const uint8_t *data = session_output(p->session, &length);
    if (length > COPY_MAX) {
        p->referred = length;
        struct evbuffer *output = bufferevent_get_output(p->socket);
        return evbuffer_add_reference(output, data, length, NULL, NULL) == 0;
    }
    if (bufferevent_write(p->socket, data, length) != 0)
        return false;
    session_sent(p->session, length);
    return true;
}

/* See SESSION_LINGER. The bufferevent has read all that came, so after an end of input a close
 * resets nothing. */
static void linger(struct peer *p)
{
    struct evbuffer *input = bufferevent_get_input(p->socket);
    evbuffer_drain(input, evbuffer_get_length(input));
    if (p->eof || shutdown(bufferevent_getfd(p->socket), SHUT_WR) != 0) {
        close_peer(p);
        return;
    }
    p->lingering = true;
    keep_time(p, turn_time() + LINGER_TIME);
}

static enum session_want next(struct peer *p)
{
    uint32_t progress = p->session->progress;
    session_heed_stop(p->session, server);
    p->want = session_next(p->session, turn_time());
    if (p->session->progress != progress)
        p->active_at = turn_time();
    return p->want;
}

static void step(struct peer *p)
{
    for (;;) {
        switch (next(p)) {
        case SESSION_READ:
            if (feed(p))
                break;
            if (draining && session_idle(p->session))
                close_peer(p);
            else
                keep_time(p, clock_after(p->active_at, server->idle_timeout));
            return;
        case SESSION_WRITE:
            if (transmit(p))
                keep_time(p, clock_after(p->active_at, server->idle_timeout));
            else
                close_peer(p);
            return;
        case SESSION_WAIT:
            keep_time(p, p->session->wake_at);
            return;
        case SESSION_CLOSE:
            close_peer(p);
            return;
        case SESSION_LINGER:
            linger(p);
            return;
        }
    }
}

static void on_read(struct bufferevent *socket, void *arg)
{
    struct peer *p = arg;
    events++;
    if (p->lingering)
        evbuffer_drain(bufferevent_get_input(socket), SIZE_MAX);
    else if (p->want == SESSION_READ)
        step(p);
}

/* A part of the output is written. */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct peer *p = arg;
    (void)output;
    if (info->n_deleted == 0)
        return;
    if (p->referred > 0) {
        session_sent(p->session, info->n_deleted);
        p->referred -= info->n_deleted;
    }
    p->active_at = turn_time();
    keep_time(p, clock_after(p->active_at, server->idle_timeout));
}

/* All of it is. */
static void on_drained(struct bufferevent *socket, void *arg)
{
    struct peer *p = arg;
    (void)socket;
    events++;
    if (p->want == SESSION_WRITE)
        step(p);
}

static void on_event(struct bufferevent *socket, short what, void *arg)
{
    struct peer *p = arg;
    (void)socket;
    events++;
    p->eof = what & BEV_EVENT_EOF;
    if (!p->eof || p->lingering)
        close_peer(p);
    else if (p->want == SESSION_READ)
        step(p);
}

static void listen_again(void)
{
    for (unsigned i = 0; i < server->socket_count && !stopping; i++)
        evconnlistener_enable(listeners[i]);
}

static void listen_no_more(void)
{
    for (unsigned i = 0; i < server->socket_count; i++)
        evconnlistener_disable(listeners[i]);
}

/* The library accepts until nobody waits, or the listener is disabled: for this turn. */
static void take_share(void)
{
    if (++accepts != ACCEPTS_PER_TURN)
        return;
    count(&server->counters->accept_bursts, 1);
    listen_no_more();
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from,
                          int size, void *arg)
{
    (void)l;
    (void)from;
    (void)size;
    (void)arg;
    events++;
    take_share();
    count(&server->counters->accepted, 1);
    if (!net_admit(server, count_peers, fd))
        return;
    struct peer *p = calloc(1, sizeof *p);
    if (p)
        p->session = session_open(server->app, &server->app_options, server->counters);
    if (p && p->session)
        p->socket = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!p || !p->session || !p->socket) {
        if (p && p->session)
            session_close(p->session);
        free(p);
        net_refuse(server, fd);
        return;
    }
    bufferevent_setcb(p->socket, on_read, on_drained, on_event, p);
    bufferevent_setwatermark(p->socket, EV_READ, 0, BUFFER_SIZE);
    bufferevent_set_max_single_write(p->socket, BUFFER_SIZE);
    evbuffer_add_cb(bufferevent_get_output(p->socket), on_output, p);
    evtimer_assign(&p->timer, base, on_timer, p);
    p->timer_at = CLOCK_NEVER;
    p->active_at = turn_time();
    p->next = peers;
    if (peers)
        peers->previous = p;
    peers = p;
    count_peers++;
    bufferevent_enable(p->socket, EV_READ); /* writing is, from the start */
    step(p);
}

/* The listening socket stays ready, so the listener has to rest. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
    (void)arg;
    int error = errno;
    bool exhausted = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (!exhausted && !server_stopping(server))
        return; /* an error of that one connection (accept(2)) */
    (void)l;
    listen_no_more();
    if (server_stopping(server))
        return;
    count(&server->counters->accept_errors, 1);
    struct timeval rest = delay_until(turn_time() + ACCEPT_REST);
    event_add(&accept_timer, &rest);
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    listen_again();
}

/* Requests that came before the signal were read in the turn that ends with this. */
static void on_drain(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    draining = true;
    for (struct peer *p = peers, *after; p; p = after) {
        after = p->next;
        if (p->want == SESSION_READ && !p->lingering && session_idle(p->session))
            close_peer(p);
    }
}

/* The handler of SIGTERM has made stop_fd readable. */
static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    struct timeval at_once = {0};
    (void)fd;
    (void)what;
    (void)arg;
    stopping = true;
    listen_no_more();
    for (struct peer *p = peers; p; p = p->next)
        session_drain(p->session);
    event_add(&drain_event, &at_once);
}

static void set_up(void)
{
    /* Whatever EVENT_NOEPOLL and the like say: what is measured is this model. */
    struct event_config *config = event_config_new();
    if (!config || event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) != 0 ||
        !(base = event_base_new_with_config(config)))
        die("libevent: cannot create an event base");
    event_config_free(config);
    for (unsigned i = 0; i < server->socket_count; i++) {
        listeners[i] = evconnlistener_new(base, on_connection, NULL, LEV_OPT_CLOSE_ON_EXEC, 0,
                                          server->sockets[i]);
        if (!listeners[i])
            die("libevent: cannot watch the listening socket");
        evconnlistener_set_error_cb(listeners[i], on_accept_error);
    }
    evtimer_assign(&accept_timer, base, on_accept_again, NULL);
    evtimer_assign(&drain_event, base, on_drain, NULL);
    event_assign(&stop_event, base, server->stop_fd, EV_READ, on_stop, NULL);
    if (event_add(&stop_event, NULL) != 0)
        die("libevent: cannot watch the stop descriptor");
}

static void serve(struct server *given)
{
    server = given;
    set_up();
    /* One wait at a time, to count them: libevent 2.1 has no callback for that. */
    while (!draining || peers) {
        if (event_base_loop(base, EVLOOP_ONCE) != 0)
            die("libevent: the event loop failed");
        count_wakeup(server->counters, events);
        events = now = 0;
        if (accepts >= ACCEPTS_PER_TURN && !evtimer_pending(&accept_timer, NULL))
            listen_again();
        accepts = 0;
    }
    for (unsigned i = 0; i < server->socket_count; i++)
        evconnlistener_free(listeners[i]);
    event_del(&accept_timer);
    event_base_free(base); /* and the sockets of bufferevents that were freed last */
    buffer_clear_free_list();
}

const struct model model = {
    .name = "libevent",
    .summary = "one thread, bufferevents of the libevent library",
    .nonblocking_accept = true,
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .serve = serve,
};
