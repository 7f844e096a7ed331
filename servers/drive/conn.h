/* One connection on a non-blocking socket, driven step by step.
 *
 * conn_step() does what can be done now and tells what must happen before the next step is of
 * use. How the process learns that it has happened is the model's business. */
#ifndef IOM_CONN_H
#define IOM_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "servers/drive/timers.h"
#include "servers/model.h"

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
    /* The model's, where it is told only of changes: what has been reported, and will not be again,
     * may lie behind a short recv: the end of input, or bytes after an urgent one, where recv stops
     * (tcp(7)). */
    bool read_to_eagain;
    /* The last step stopped because others want their turn: the socket may still take more. */
    bool yielded;
    struct session *session;
    struct server *server;
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

/* What the session wants, tried once: SESSION_READ, after which session->dry
 * tells whether the socket is empty, and SESSION_WRITE, which sets `*full` where the socket takes no more. False when the connection is broken. */
bool conn_receive(struct conn *c, uint64_t now);
bool conn_transmit(struct conn *c, uint64_t now, bool *full);

/* At most one recv, and sends until the output is gone, the socket would block, or the others want
 * their turn (`yielded`). That the server stops the session learns here. One recv a step is what level-triggered waiting needs, as it reports the
 * rest again; whoever is told only of changes steps on until session->dry. */
enum conn_want conn_step(struct conn *c, uint64_t now);

#endif
