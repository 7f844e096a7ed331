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
 * A bufferevent is a socket with two buffers. It never tries to write at once: it adds EPOLLOUT to
 * the set, waits until the socket is reported writable, writes, and takes EPOLLOUT out again.
 * Before it reads it asks how much there is. As it does both, this file drives the session. */
#include "servers/model.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of callbacks */

/* Output up to this size is copied, which gives the session's buffer back at once: until the next
 * wait is over, a whole batch of connections would hold theirs. Such a piece counts as sent. */
#define COPY_MAX 4096

struct client {
    struct conn conn;
    struct bufferevent *socket;
    bool referred; /* the bufferevent refers to the session's output */
    bool eof;
};

static struct reactor reactor;
static struct event_base *base;
static struct evconnlistener *listeners[ADDRESSES_MAX];
static struct event alarm_event, stop_event;
static bool listening;
static unsigned last_call; /* turns until idle connections are closed, once the server stops */
static int events;         /* callbacks of sockets since the last wait */

static uint64_t turn_time(void)
{
    if (reactor.now == 0) /* since this wait */
        reactor.now = clock_ns();
    return reactor.now;
}

/* The session takes input: what the bufferevent has read, or that there is no more. Returns false
 * when there is nothing to tell it. */
static bool feed(struct client *c)
{
    struct session *s = c->conn.session;
    struct evbuffer *input = bufferevent_get_input(c->socket);
    if (evbuffer_get_length(input) == 0) {
        if (c->eof)
            session_eof(s);
        return c->eof;
    }
    size_t room;
    void *space = session_space(s, &room);
    int n = space ? evbuffer_remove(input, space, room) : -1;
    if (n > 0)
        session_received(s, (size_t)n, turn_time());
    else
        session_abort(s);
    return true;
}

/* Returns true when there is output to wait for. */
static bool transmit(struct client *c)
{
    size_t length;
    const uint8_t *data = session_output(c->conn.session, &length);
    struct evbuffer *output = bufferevent_get_output(c->socket);
    c->referred = length > COPY_MAX;
    int error = c->referred ? evbuffer_add_reference(output, data, length, NULL, NULL)
                            : bufferevent_write(c->socket, data, length);
    if (error)
        session_abort(c->conn.session);
    else if (!c->referred)
        session_sent(c->conn.session, length, turn_time());
    return !error;
}

static void shut_down(struct client *c)
{
    if (shutdown(bufferevent_getfd(c->socket), SHUT_WR) != 0)
        session_abort(c->conn.session);
    session_shut(c->conn.session, turn_time());
}

/* Go on until there is something to wait for. Until the output has drained, that is
 * SESSION_WRITE. */
static void step(struct conn *conn)
{
    struct client *c = (struct client *)conn;
    enum session_want want;
    do {
        session_heed_stop(conn->session, reactor.server);
        want = session_next(conn->session, turn_time());
        if (want == SESSION_SHUT)
            shut_down(c);
    } while (want == SESSION_SHUT || (want == SESSION_READ && feed(c)) ||
             (want == SESSION_WRITE && !transmit(c)));
    if (want != SESSION_CLOSE) {
        reactor_keep_time(&reactor, conn);
        return;
    }
    bufferevent_free(c->socket); /* closes the socket */
    reactor_close(&reactor, conn);
}

static void on_read(struct bufferevent *socket, void *arg)
{
    struct client *c = arg;
    events++;
    if (c->conn.session->want == SESSION_READ)
        step(&c->conn);
}

/* A part of the output is written. */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct client *c = arg;
    if (info->n_deleted > 0 && c->referred)
        session_sent(c->conn.session, info->n_deleted, turn_time());
    else if (info->n_deleted > 0)
        session_alive(c->conn.session, turn_time());
}

/* All of the output is written. */
static void on_drained(struct bufferevent *socket, void *arg)
{
    struct client *c = arg;
    events++;
    if (c->conn.session->want == SESSION_WRITE)
        step(&c->conn);
}

static void on_event(struct bufferevent *socket, short what, void *arg)
{
    struct client *c = arg;
    events++;
    c->eof = what & BEV_EVENT_EOF;
    if (!c->eof)
        session_abort(c->conn.session);
    if (!c->eof || c->conn.session->want == SESSION_READ)
        step(&c->conn);
}

/* The library accepts until nobody waits, or the listener is disabled. */
static void listen_if(bool wanted)
{
    for (unsigned i = 0; i < reactor.server->socket_count && wanted != listening; i++) {
        if (wanted)
            evconnlistener_enable(listeners[i]);
        else
            evconnlistener_disable(listeners[i]);
    }
    listening = wanted;
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from,
                          int size, void *arg)
{
    events++;
    turn_time();
    if (++reactor.accepts == ACCEPTS_PER_TURN) {
        count(&reactor.counters->accept_bursts, 1);
        listen_if(false); /* for this turn */
    }
    count(&reactor.counters->accepted, 1);
    if (!net_admit(reactor.server, reactor.count, fd))
        return;
    struct client *c = (struct client *)reactor_add(&reactor, fd);
    if (!c) {
        net_refuse(reactor.server, fd);
        return;
    }
    c->socket = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c->socket) {
        reactor_refuse(&reactor, &c->conn);
        return;
    }
    c->conn.fd = -1;
    bufferevent_setcb(c->socket, on_read, on_drained, on_event, c);
    bufferevent_setwatermark(c->socket, EV_READ, 0, BUFFER_SIZE);
    bufferevent_set_max_single_write(c->socket, BUFFER_SIZE);
    evbuffer_add_cb(bufferevent_get_output(c->socket), on_output, c);
    bufferevent_enable(c->socket, EV_READ); /* writing is, from the start */
    step(&c->conn);
}

/* The listening socket stays ready, so the listener has to rest. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
    int error = errno;
    bool exhausted = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    reactor.stopped_accepting = server_stopping(reactor.server);
    if (!exhausted && !reactor.stopped_accepting)
        return; /* an error of that one connection (accept(2)) */
    listen_if(false);
    count(&reactor.counters->accept_errors, !reactor.stopped_accepting);
    turn_time();
    reactor_rest(&reactor);
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
    reactor.wake_at = CLOCK_NEVER;
}

/* The handler of SIGTERM has made stop_fd readable. Requests that came before are read in this turn
 * or in the next. */
static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    reactor.stopped_accepting = true;
    listen_if(false);
    last_call = 2;
}

static void set_up(const struct server *server)
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
    listening = true;
    evtimer_assign(&alarm_event, base, on_alarm, NULL);
    event_assign(&stop_event, base, server->stop_fd, EV_READ, on_stop, NULL);
    if (event_add(&stop_event, NULL) != 0)
        die("libevent: cannot watch the stop descriptor");
}

/* Callbacks of sockets have been called: nothing that came in time is overlooked. */
static void end_turn(void)
{
    turn_time();
    count_wakeup(reactor.counters, (uint64_t)events);
    for (struct conn *c; (c = reactor_expired(&reactor));)
        step(c);
    listen_if(reactor_accepting(&reactor));
    if (last_call > 0 && --last_call == 0)
        reactor_close_idle(&reactor, step);
    reactor.accepts = 0;
    events = 0;
    int ms = reactor_alarm_ms(&reactor);
    if (ms >= 0)
        event_add(&alarm_event,
                  &(struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000});
    reactor.now = 0;
}

static void serve(struct server *server)
{
    reactor_init(&reactor, server, sizeof(struct client));
    set_up(server);
    /* One wait at a time, to count them: libevent 2.1 has no callback for that. */
    while (reactor_running(&reactor)) {
        if (event_base_loop(base, last_call > 0 ? EVLOOP_NONBLOCK : EVLOOP_ONCE) < 0)
            die("libevent: the event loop failed");
        end_turn();
    }
    for (unsigned i = 0; i < server->socket_count; i++)
        evconnlistener_free(listeners[i]);
    event_del(&alarm_event);
    event_base_free(base); /* and the sockets of bufferevents that were freed last */
    reactor_free(&reactor);
}

const struct model model = {
    .name = "libevent",
    .summary = "one thread, bufferevents of the libevent library",
    .nonblocking_accept = true,
    .no_workers = "it is one loop in one thread; epoll-multi is the model with several",
    .serve = serve,
};
