/* template: what makes this model different, in one line.
 *
 * How it waits   In which call, for what, and how it learns which connection is ready.
 * Who works      Which thread or process runs the session, and for how long.
 * It costs       System calls per request and per connection; what an idle connection costs.
 * It breaks      At which number, or under which load, and what a client sees then.
 *
 * Then the kernel facts behind whatever looks odd below, each with its man page. */

/* This is no model of the suite: scripts/new-model copies it, without these lines, to begin one.
 * It works as it stands and passes every test: one thread asks poll() about a list that is made
 * anew for each call, the simplest loop there is. Replace how it waits first, and keep the tests
 * passing. */
#include "servers/model.h"

#include <poll.h>
#include <stdlib.h>

#include "common/err.h"
#include "servers/drive/reactor.h"

enum { LISTENER, STOP, FIRST_CONN };

/* What the kernel is asked about: the two above, then the connections in the order of their
 * list. */
static struct pollfd *entries;
static size_t capacity;

static bool have_room(size_t wanted)
{
    if (wanted <= capacity)
        return true;
    struct pollfd *bigger = realloc(entries, 2 * wanted * sizeof *bigger);
    if (!bigger)
        return false;
    entries = bigger;
    capacity = 2 * wanted;
    return true;
}

/* Called when a connection has done what it could; `want` is what the connection waits for now.
 * This model has nothing to tell the kernel, as each call takes a new list. */
static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    if (want == CONN_DONE)
        reactor_close(r, c);
    else
        reactor_wait(r, c, want);
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));)
        if (!have_room(FIRST_CONN + r->count))
            reactor_refuse(r, c);
}

/* Returns how many entries there are. A negative descriptor is skipped (poll(2)): a connection that
 * waits for its timer must not be reported, not even that its client hung up. */
static nfds_t list(const struct reactor *r)
{
    entries[LISTENER].fd = reactor_accepting(r) ? r->server->listen_fd : -1;
    entries[STOP].fd = r->draining ? -1 : r->server->stop_fd;
    entries[LISTENER].events = entries[STOP].events = POLLIN;

    nfds_t used = FIRST_CONN;
    for (const struct conn *c = LIST_FIRST(&r->conns); c; c = LIST_NEXT(c, link))
        entries[used++] = (struct pollfd){.fd = c->want == CONN_WAIT ? -1 : c->fd,
                                          .events = c->want == CONN_WRITE ? POLLOUT : POLLIN};
    return used;
}

static void serve(struct server *server)
{
    struct reactor r;
    reactor_init(&r, server, sizeof(struct conn));
    if (!have_room(FIRST_CONN))
        die("out of memory");

    while (reactor_running(&r)) {
        int n = poll(entries, list(&r), reactor_timeout_ms(&r));
        reactor_woke(&r, n);

        bool accept_ready = n > 0 && entries[LISTENER].revents;
        const struct pollfd *entry = entries + FIRST_CONN;
        for (struct conn *c = n > 0 ? LIST_FIRST(&r.conns) : NULL, *next; c;
             c = next, entry++) {
            next = LIST_NEXT(c, link);
            if (entry->revents)
                set_want(&r, c, conn_step(c, r.now));
        }
        if (accept_ready)
            accept_all(&r);
        reactor_turn(&r, set_want);
    }
    free(entries);
    reactor_free(&r);
}

const struct model model = {
    .name = "template",
    .summary = "what iomodels list shows: one line, no full stop",
    .no_workers =
        "it is one loop in one thread by definition; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
