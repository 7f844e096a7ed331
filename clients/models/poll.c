/* poll: one thread, all connections non-blocking, and a list of all sockets in each call.
 *
 * How it waits   In poll(), with a list of the sockets and what each waits for.
 * Who works      The one thread, in turn for each connection that is ready.
 * It costs       Per request send and recv, and a share of poll: 2 + 1/batch system calls. Each
 *                call of poll hands the whole list over, and the kernel looks at each socket: that
 *                costs by the number of connections, whether they are ready or not.
 * It breaks      Not with numbers as select does: any descriptor has its place in a list. It gets
 *                slower with them.
 *
 * Whether a connection that is coming up is refused, poll() tells too (POLLERR, POLLHUP).
 * SO_ERROR tells why, and is asked anyway. */
#include "clients/client.h"

#include <poll.h>
#include <stdlib.h>

#include "clients/drive/loop.h"
#include "common/err.h"

static struct pollfd *list; /* a place for each connection */

static void set_want(struct loop *l, struct conn *c, enum conn_want want)
{
    struct pollfd *place = &list[c - l->conns];
    place->fd = want == CONN_OVER ? -1 : c->fd; /* poll() passes over -1 */
    place->events = want == CONN_READ ? POLLIN : POLLOUT;
    loop_wait(l, c, want);
}

/* poll() takes no list that is longer than RLIMIT_NOFILE, whatever is in it (poll(2), EINVAL). */
static void make_list(unsigned count)
{
    list = xcalloc(count, sizeof *list);
    for (unsigned i = 0; i < count; i++)
        list[i].fd = -1;
    if (poll(list, count, 0) < 0)
        die_errno("cannot poll %u sockets, more than there may be descriptors (ulimit -n)",
                  count);
}

static void run(struct job *job)
{
    struct loop l;

    loop_init(&l, job);
    make_list(l.count);
    loop_start(&l, set_want);
    while (loop_running(&l)) {
        int n = poll(list, l.count, loop_timeout_ms(&l));
        loop_woke(n);
        for (unsigned i = 0; i < l.count && n > 0; i++) {
            struct conn *c = &l.conns[i];
            if (list[i].revents != 0)
                set_want(&l, c, conn_step(c));
        }
        loop_turn(&l);
    }
    free(list);
    loop_free(&l);
}

const struct client client = {
    .name = "poll",
    .summary = "one thread, non-blocking sockets, poll over a list of all of them",
    .run = run,
};
