/* One connection: what happens to it, and what that counts as.
 *
 * CLOSED -> WAITING (for its turn to be opened) -> CONNECTING -> IDLE <-> BUSY (a request is on
 * its way), and from any of the last three back to CLOSED. A connection that is lost is opened
 * again: at once the first time, then after 10 ms and twice as long each time, up to about a
 * second, for as long as no answer comes in between. */
#ifndef IOM_CLIENT_CONN_H
#define IOM_CLIENT_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/exchange.h"
#include "loadgen/tally.h"

struct worker;

enum conn_state { CONN_CLOSED, CONN_WAITING, CONN_CONNECTING, CONN_IDLE, CONN_BUSY };

struct client_conn {
    struct client_conn *prev, *next; /* in the one list that its state puts it in */
    uint64_t since;                  /* BUSY: request sent; CONNECTING: begun; WAITING: due */
    const char *out;                 /* rest of the request that is still to be sent */
    size_t out_left;
    uint64_t answers; /* good ones in the window */
    int fd;           /* the engine's; -1 where closed */
    uint8_t state;
    uint8_t failures;    /* in a row, since the last answer */
    bool tried;          /* the first attempt to connect has ended, well or not */
    bool settled;        /* its first answer has come */
    bool peer_closed;    /* the end of the stream is near: send no more */
    bool watches_output; /* the engine's: it is told of room to send */
    struct exchange exchange;
};

/* A list in which each connection is appended with a `since` that is not before the last one's:
 * its head is always the next one due. */
struct conn_list {
    struct client_conn *head, *tail;
};

void conn_list_append(struct conn_list *list, struct client_conn *c);
void conn_list_remove(struct conn_list *list, struct client_conn *c);

/* For the worker: */

/* Open the connection when its turn comes: after the delay that its failures earned. */
void conn_open_later(struct worker *w, struct client_conn *c, uint64_t now);

/* Begin to connect a WAITING connection. */
void conn_open(struct worker *w, struct client_conn *c);

/* Send the next request of an IDLE connection, if the worker has one to give. */
void conn_start(struct worker *w, struct client_conn *c);

/* The answer, or the connection, did not come in time. */
void conn_timed_out(struct worker *w, struct client_conn *c);

/* For the engine; after each of them the connection may be closed (c->fd is then -1): */

void conn_connected(struct worker *w, struct client_conn *c);

/* It could not connect: `error` is the errno. */
void conn_refused(struct worker *w, struct client_conn *c, int error);

/* `size` bytes came in, at worker->now. */
void conn_received(struct worker *w, struct client_conn *c, const char *data, size_t size);

/* The peer closed its side. */
void conn_ended(struct worker *w, struct client_conn *c);

/* The socket failed with `error`. */
void conn_error(struct worker *w, struct client_conn *c, int error);

#endif
