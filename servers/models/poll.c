/* poll: one thread asks about all descriptors at once, by a list of them.
 *
 * How it waits   In poll(), with an array of the descriptors and what each waits for.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request recv and send, and a share of poll: 2 + 1/batch system calls. Each
 *                poll copies the array into the kernel, which looks at every entry, and copies the
 *                results back. Then the loop searches the array. So the cost grows with the number
 *                of connections, busy or idle.
 * It breaks      Nowhere abruptly: poll has no FD_SETSIZE, it only becomes slow.
 *
 * Errors and hang-ups are reported whether asked for or not. A connection that waits for its timer
 * wants to hear of neither: with `events` zero, a client that hangs up would be reported over and
 * over. So its entry gets a negative descriptor, which the kernel skips (poll(2)). */
#include "servers/model.h"

#include <poll.h>
#include <stdlib.h>

#include "common/err.h"
#include "servers/drive/reactor.h"

enum { LISTENER, STOP, FIRST_CONN };

/* Two arrays with the same places: what the kernel sees, and whose it is. */
static struct pollfd *entries;
static struct conn **owners;
static size_t used, capacity;

struct polled {
    struct conn conn;
    size_t slot; /* its place in both */
};

static struct polled *polled(struct conn *c)
{
    return (struct polled *)c;
}

static bool add(struct conn *c)
{
    if (used == capacity) {
        size_t bigger = capacity ? capacity * 2 : 64;
        struct pollfd *e = realloc(entries, bigger * sizeof *e);
        if (!e)
            return false;
        entries = e;
        struct conn **o = realloc(owners, bigger * sizeof *o);
        if (!o)
            return false;
        owners = o;
        capacity = bigger;
    }
    entries[used] = (struct pollfd){.fd = -1};
    owners[used] = c;
    if (c)
        polled(c)->slot = used;
    used++;
    return true;
}

/* The last entry takes the free place, so that the array has no gaps. */
static void set_want(struct reactor *r, struct conn *c, enum conn_want want)
{
    size_t i = polled(c)->slot;
    if (want == CONN_DONE) {
        used--;
        entries[i] = entries[used];
        owners[i] = owners[used];
        polled(owners[i])->slot = i;
        reactor_close(r, c);
        return;
    }
    entries[i].fd = want == CONN_WAIT ? -1 : c->fd;
    entries[i].events = want == CONN_WRITE ? POLLOUT : POLLIN;
    reactor_wait(r, c, want);
}

static void accept_all(struct reactor *r)
{
    for (struct conn *c; (c = reactor_accept(r));) {
        if (add(c)) {
            set_want(r, c, CONN_READ);
        } else {
            reactor_refuse(r, c);
        }
    }
}

static void serve(struct server *server)
{
    struct reactor r;
    reactor_init(&r, server, sizeof(struct polled));
    while (used < FIRST_CONN)
        if (!add(NULL))
            die("out of memory");

    while (reactor_running(&r)) {
        entries[LISTENER].fd = reactor_accepting(&r) ? server->listen_fd : -1;
        entries[STOP].fd = r.draining ? -1 : server->stop_fd;
        entries[LISTENER].events = entries[STOP].events = POLLIN;

        int n = poll(entries, used, reactor_timeout_ms(&r));
        reactor_woke(&r, n);

        bool accept_ready = n > 0 && entries[LISTENER].revents;
        int left = n - accept_ready;
        /* From the end: whatever takes the place of a closed connection has had its turn. */
        for (size_t i = used; left > 0 && i-- > FIRST_CONN;) {
            if (!entries[i].revents)
                continue;
            left--;
            set_want(&r, owners[i], conn_step(owners[i], r.now));
        }
        if (accept_ready)
            accept_all(&r);
        reactor_turn(&r, set_want);
    }
    free(entries);
    free(owners);
    reactor_free(&r);
}

const struct model model = {
    .name = "poll",
    .summary = "one thread, readiness from poll()",
    .no_workers =
        "it is one loop in one thread by definition; epoll-multi is the model with several",
    .nonblocking_accept = true,
    .serve = serve,
};
