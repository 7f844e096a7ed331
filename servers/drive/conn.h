/* One connection on a non-blocking socket, driven step by step.
 *
 * conn_step() does what can be done now and tells what must happen before the next step is of
 * use. How the process learns that it has happened is the model's business. */
#ifndef IOM_CONN_H
#define IOM_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/timers.h"
#include "servers/model.h"

/* How long a lingering close waits for the client to read the answer and to close. */
#define LINGER_TIME (2 * NS_PER_S)

enum conn_want {
    CONN_READ,  /* the socket to become readable */
    CONN_WRITE, /* the socket to become writable */
    CONN_WAIT,  /* nothing of the socket: a timer is running (or the loop has reason to wait) */
    CONN_DONE,  /* to be closed, with conn_close() */
};

struct conn {
    int fd;
    uint8_t want;    /* enum conn_want: what the last step said */
    uint8_t watched; /* the model's: what the kernel has been told to report */
    bool lingering;
    /* The last recv did not fill its buffer, or found nothing: the socket is empty, and a
     * further recv would only say so (epoll(7), questions and answers, 9). */
    bool drained;
    /* The model's, where it is told only of changes: what has been reported, and will not be again,
     * may lie behind a short recv: the end of input, or bytes after an urgent one, where recv stops
     * (tcp(7)). */
    bool read_to_eagain;
    /* The last step stopped because others want their turn: the socket may still take more. */
    bool yielded;
    struct session *session;
    struct server *server;
    uint64_t active_at; /* when the connection last made progress */
    uint64_t linger_end;
    struct timer timer;
    struct conn *next, *previous; /* in the loop's list */
    size_t slot;                  /* the model's: its place in a table */
    void *model_data; /* the model's: what it keeps for each connection, if anything */
};

/* A connection on socket `fd`, counting in `counters`. NULL when memory is out; `fd` is the
 * caller's then. */
struct conn *conn_open(struct server *server, struct counters *counters, int fd, uint64_t now);

/* Close the socket, free everything, count it. */
void conn_close(struct conn *c);

/* recv(2) that keeps `drained` right. A short one leaves nothing behind, unless something else has
 * stopped it: see read_to_eagain; and on a Unix-domain socket it stops behind a piece that
 * descriptors came with (unix(7)). Those are closed, as nobody asks for them. */
ssize_t conn_recv(struct conn *c, void *space, size_t room);

/* To be called before the session has its say. Where the server has been told to stop, the session
 * learns it now and not at the end of the turn: an answer that is begun after that says so. What
 * has come by now is still read. */
static inline void conn_heed_stop(struct conn *c)
{
    if (c->session->draining || !server_stopping(c->server))
        return;
    session_drain(c->session);
    c->drained = false;
}

/* At most one recv, and sends until the output is gone, the socket would block, or the others want
 * their turn (`yielded`). One recv a step is what level-triggered waiting needs, as it reports the
 * rest again; whoever is told only of changes steps on until `drained`. */
enum conn_want conn_step(struct conn *c, uint64_t now);

/* When the connection has to be looked at although its socket is silent. CLOCK_NEVER for never.
 */
uint64_t conn_deadline(const struct conn *c);

/* The deadline has come: wake the session, or end an idle connection. */
enum conn_want conn_deadline_reached(struct conn *c, uint64_t now);

/* The server stops: end after the request at hand, at once if there is none. */
enum conn_want conn_drain(struct conn *c, uint64_t now);

#endif
