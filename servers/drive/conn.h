/* One connection on a non-blocking socket, driven step by step.
 *
 * conn_step() does what can be done now and tells what must happen before the next step is of
 * use. How the process learns that it has happened is the model's business. */
#ifndef IOM_CONN_H
#define IOM_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/timers.h"
#include "servers/model.h"

enum conn_want {
    CONN_READ,  /* the socket to become readable */
    CONN_WRITE, /* the socket to become writable */
    CONN_WAIT,  /* nothing of the socket: a timer is running (or the loop has reason to wait) */
    CONN_DONE,  /* to be closed, with conn_close() */
};

/* A model that has more to keep for each connection puts this first in a struct of its own. */
struct conn {
    int fd;       /* -1 where a library has it, and closes it */
    uint8_t want; /* enum conn_want: what the loop waits for */
    /* The last step stopped because others want their turn: the socket may still take more. */
    bool yielded;
    bool read_to_eagain; /* see conn_reported() */
    struct session *session;
    struct server *server;
    struct timer timer;
    LIST_ENTRY(conn) link; /* in the loop's list */
};

/* A connection on socket `fd` in a struct of `size` bytes, counting in `counters`. NULL when memory
 * is out; `fd` is the caller's then. */
struct conn *conn_open(struct server *server, struct counters *counters, int fd, uint64_t now,
                       size_t size);

/* Close the socket, free everything, count it. */
void conn_close(struct conn *c);

/* For loops that are told only of changes: the socket is dry no longer. `hidden`: what was
 * reported, and will not be again, may lie behind a short recv: the end of input, or bytes after
 * an urgent one, where recv stops (tcp(7)). */
void conn_reported(struct conn *c, bool hidden);

/* What the session wants, tried once: SESSION_READ, after which session->dry tells whether the
 * socket is empty, and SESSION_WRITE, which sets `*full` where the socket takes no more. False when
 * the connection is broken. */
bool conn_receive(struct conn *c, uint64_t now);
bool conn_transmit(struct conn *c, uint64_t now, bool *full);

/* At most one recv, and sends until the output is gone, the socket would block, or the others want
 * their turn (`yielded`). One recv a step is what level-triggered waiting needs, as it reports the
 * rest again; a model that is told only of changes steps on. That the server stops the session
 * learns here. */
enum conn_want conn_step(struct conn *c, uint64_t now);

/* For those: while `want` is CONN_READ, step on until the socket is dry, or the others want their
 * turn (`yielded`), however much a client sends. */
enum conn_want conn_use_up(struct conn *c, enum conn_want want, uint64_t now);

#endif
