/* One connection: what happens to it, and what that counts as.
 *
 * CLOSED -> WAITING (for its turn to be opened) -> CONNECTING -> IDLE <-> BUSY (requests are on
 * their way), and from any of the last three back to CLOSED. A connection that is lost is opened
 * again: at once the first time, then after 10 ms and twice as long each time, up to about a
 * second, for as long as no answer comes in between. */
#ifndef IOM_CLIENT_CONN_H
#define IOM_CLIENT_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/load/conn_list.h"
#include "loadgen/protocol/exchange.h"
#include "loadgen/protocol/pipeline.h"
#include "loadgen/protocol/request.h"
#include "loadgen/record/tally.h"

struct worker;

enum conn_state { CONN_CLOSED, CONN_WAITING, CONN_CONNECTING, CONN_IDLE, CONN_BUSY };

struct client_conn {
    /* Used for every request, and so side by side. */
    int fd;              /* the engine's; -1 where closed */
    uint32_t begun;      /* requests sent on it since it came up */
    uint32_t on_its_way; /* those that have not ended */
    uint8_t state;
    uint8_t failures;    /* in a row, since the last answer */
    bool tried;          /* the first attempt to connect has ended, well or not */
    bool settled;        /* its first answer has come */
    bool peer_closed;    /* the end of the stream is near: send no more */
    bool watches_output; /* the engine's: it is told of room to send */
    bool pauses;         /* before the next request: there was an answer (--think) */
    bool byte_seen;      /* of the answer that is due */
    int send_error;      /* why the peer takes no more; 0 where it does */
    const char *out;     /* rest of the request that is still to be sent; without `pipeline` */
    size_t out_left;     /* bytes that are still to be given to the system, with it too */
    struct request request;    /* the one on its way, without `pipeline` */
    struct pipeline *pipeline; /* NULL where one request at a time is on its way */
    uint64_t answers;          /* good ones in the window */
    struct exchange exchange;

    /* Used where it waits for something else than an answer. */
    uint64_t
        since; /* CONNECTING: begun; WAITING: due; in thought: to go on; IDLE: since when */
    struct conn_list *list; /* the one list that it is in, or NULL */
    struct client_conn *prev, *next;
    uint32_t thinks; /* think.c's; 0 where it does not pause */
};

/* The request that the next answer is for. There must be one. */
static inline const struct request *conn_oldest(const struct client_conn *c)
{
    return c->pipeline ? pipeline_at(c->pipeline, 0) : &c->request;
}

/* For the worker: */

/* Why a connection to a Unix-domain socket is still being tried. */
#define CONN_QUEUE_FULL "the listen queue is full"

/* Open the connection when its turn comes: after the delay that its failures earned. */
void conn_open_later(struct worker *w, struct client_conn *c, uint64_t now);

/* Begin to connect a WAITING connection. */
void conn_open(struct worker *w, struct client_conn *c);

/* Closed loop, and to settle: send as many requests as may be on their way, if the worker has
 * any to give. */
void conn_start(struct worker *w, struct client_conn *c);

/* Open loop: send the request that was due at `intended` on a connection that has room. */
void conn_send_request(struct worker *w, struct client_conn *c, uint64_t intended);

/* May another request be sent on `c` now? */
bool conn_has_room(const struct worker *w, const struct client_conn *c);

/* The answer, or the connection, did not come in time. */
void conn_timed_out(struct worker *w, struct client_conn *c);

/* For conn_open.c: */

/* Close, and open again unless nothing more is to be asked. No request is on its way. */
void conn_close(struct worker *w, struct client_conn *c, bool failed);

/* The connection is up. */
void conn_up(struct worker *w, struct client_conn *c);

/* It did not come up in time. */
void conn_open_timed_out(struct worker *w, struct client_conn *c);

/* For the engine; after each of them the connection may be closed (c->fd is then -1): */

void conn_connected(struct worker *w, struct client_conn *c);

/* It could not connect: `error` is the errno. */
void conn_refused(struct worker *w, struct client_conn *c, int error);

/* `size` bytes came in, at worker->now. */
void conn_received(struct worker *w, struct client_conn *c, const char *data, size_t size);

/* Bytes came in before the request that is on its way was sent: what it asked for they are not. */
void conn_unasked(struct worker *w, struct client_conn *c);

/* The peer closed its side. */
void conn_ended(struct worker *w, struct client_conn *c);

/* The socket failed with `error`. */
void conn_error(struct worker *w, struct client_conn *c, int error);

/* A send failed with `error`. Where the peer takes no more it may have answered before, as a server
 * does that refuses an upload: what there is is still to be read, and the end of the stream, which
 * the engine goes on to tell, ends the connection. */
void conn_send_failed(struct worker *w, struct client_conn *c, int error);

#endif
