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
#include <sys/queue.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/buffer.h"
#include "servers/app/count.h"
#include "servers/drive/reactor.h"
#include "servers/net.h"

/* Output up to this size is copied, which gives the session's buffer back at once: until the next
 * wait is over, a whole batch of connections would hold theirs. Such a piece counts as sent. */
#define COPY_MAX 4096

struct client {
    struct bufferevent *socket;
    struct event timer;
    struct session *session;
    uint64_t timer_at; /* when the timer event fires; CLOCK_NEVER while it is not pending */
    bool referred;     /* the bufferevent refers to the session's output */
    bool eof;
    LIST_ENTRY(client) link;
};

static struct server *server;
static struct event_base *base;
static struct evconnlistener *listeners[ADDRESSES_MAX];
static struct event accept_timer, stop_event, drain_event;
static LIST_HEAD(, client) clients;
static size_t count_clients;
static uint64_t events;  /* callbacks of sockets since the last wait */
static unsigned accepts; /* in this turn */
static uint64_t now;     /* read once after each wait; 0 until then */
static bool stopping;    /* stop_event has come */
static bool draining;    /* and idle connections are closed */

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

static void close_client(struct client *c)
{
    LIST_REMOVE(c, link);
    count_clients--;
    event_del(&c->timer);
    bufferevent_free(c->socket); /* closes the socket */
    session_close(c->session);
    free(c);
    count(&server->counters->closed, 1);
}

static void keep_time(struct client *c)
{
    uint64_t at = session_deadline(c->session);
    if (at >= c->timer_at)
        return;
    c->timer_at = at;
    struct timeval delay = delay_until(at);
    event_add(&c->timer, &delay);
}

/* The session takes input: what the bufferevent has read, or that there is no more. Returns false
 * when there is nothing to tell it. */
static bool feed(struct client *c)
{
    struct session *s = c->session;
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

/* Returns false when there is no memory for it. */
static bool transmit(struct client *c)
{
    size_t length;
    const uint8_t *data = session_output(c->session, &length);
    c->referred = length > COPY_MAX;
    if (c->referred) {
        struct evbuffer *output = bufferevent_get_output(c->socket);
        return evbuffer_add_reference(output, data, length, NULL, NULL) == 0;
    }
    if (bufferevent_write(c->socket, data, length) != 0)
        return false;
    session_sent(c->session, length, turn_time());
    return true;
}

/* Go on until there is something to wait for. Until the output has drained, that is
 * SESSION_WRITE. */
static enum session_want go_on(struct client *c)
{
    for (;;) {
        session_heed_stop(c->session, server);
        enum session_want want = session_next(c->session, turn_time());
        if (want == SESSION_SHUT && shutdown(bufferevent_getfd(c->socket), SHUT_WR) == 0)
            session_shut(c->session, turn_time());
        else if (want == SESSION_SHUT || (want == SESSION_WRITE && !transmit(c)))
            return SESSION_CLOSE;
        else if (want != SESSION_READ || !feed(c))
            return want;
    }
}

static void step(struct client *c)
{
    if (go_on(c) == SESSION_CLOSE)
        close_client(c);
    else
        keep_time(c);
}

static void on_read(struct bufferevent *socket, void *arg)
{
    struct client *c = arg;
    (void)socket;
    events++;
    if (c->session->want == SESSION_READ)
        step(c);
}

/* A part of the output is written. */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct client *c = arg;
    (void)output;
    if (info->n_deleted > 0 && c->referred)
        session_sent(c->session, info->n_deleted, turn_time());
    else if (info->n_deleted > 0)
        session_alive(c->session, turn_time());
}

/* All of it is. */
static void on_drained(struct bufferevent *socket, void *arg)
{
    struct client *c = arg;
    (void)socket;
    events++;
    if (c->session->want == SESSION_WRITE)
        step(c);
}

static void on_event(struct bufferevent *socket, short what, void *arg)
{
    struct client *c = arg;
    (void)socket;
    events++;
    c->eof = what & BEV_EVENT_EOF;
    if (!c->eof)
        session_abort(c->session);
    if (!c->eof || c->session->want == SESSION_READ)
        step(c);
}

/* Events of sockets are handed out before timers: nothing that came in time is overlooked. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    (void)fd;
    (void)what;
    c->timer_at = CLOCK_NEVER;
    if (session_expired(c->session, turn_time()))
        step(c);
    else
        keep_time(c);
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
    if (!net_admit(server, count_clients, fd))
        return;
    struct client *c = calloc(1, sizeof *c);
    if (c)
        c->session =
            session_open(server->app, &server->app_options, server->counters, turn_time());
    if (c && c->session)
        c->socket = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c || !c->session || !c->socket) {
        if (c && c->session)
            session_close(c->session);
        free(c);
        net_refuse(server, fd);
        return;
    }
    bufferevent_setcb(c->socket, on_read, on_drained, on_event, c);
    bufferevent_setwatermark(c->socket, EV_READ, 0, BUFFER_SIZE);
    bufferevent_set_max_single_write(c->socket, BUFFER_SIZE);
    evbuffer_add_cb(bufferevent_get_output(c->socket), on_output, c);
    evtimer_assign(&c->timer, base, on_timer, c);
    c->timer_at = CLOCK_NEVER;
    LIST_INSERT_HEAD(&clients, c, link);
    count_clients++;
    bufferevent_enable(c->socket, EV_READ); /* writing is, from the start */
    step(c);
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
    for (struct client *c = LIST_FIRST(&clients), *next; c; c = next) {
        next = LIST_NEXT(c, link);
        session_drain(c->session);
        session_dry(c->session, true);
        if (c->session->want == SESSION_READ)
            step(c);
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
    while (!draining || !LIST_EMPTY(&clients)) {
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
