/* One connection, as everybody who works on it sees it: its engine, the requests on it (conn/), and
 * the pacing that says when there is another one (pace/).
 *
 * CLOSED -> WAITING (for its turn to be opened) -> CONNECTING -> IDLE <-> BUSY (requests are on
 * their way), and from any of the last three back to CLOSED. */
#ifndef IOM_CLIENT_CONN_H
#define IOM_CLIENT_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/timers.h"
#include "loadgen/protocol/exchange.h"
#include "loadgen/protocol/pipeline.h"
#include "loadgen/protocol/request.h"

enum conn_state { CONN_CLOSED, CONN_WAITING, CONN_CONNECTING, CONN_IDLE, CONN_BUSY };

/* Where each connection is appended with a `since` that is not before the last one's, the first is
 * always the next one due. */
TAILQ_HEAD(conn_list, client_conn);

struct client_conn {
    /* Used for every request, hence side by side. */
    int fd;              /* the engine's; -1 where closed */
    uint32_t begun;      /* requests sent on it since it came up */
    uint32_t on_its_way; /* requests that have not ended */
    uint8_t state;
    uint8_t failures;    /* in a row, since the last answer */
    bool tried;          /* the first attempt to connect has ended, well or not */
    bool settled;        /* its first answer has come */
    bool server_closed;  /* the end of the stream is near: send no more */
    bool watches_output; /* the engine's: it is told of room to send */
    bool byte_seen;      /* of the answer that is due */
    int send_error;      /* why the server takes no more; 0 where it does */
    const char *out;     /* rest of the request that is still to be sent; without `pipeline` */
    size_t out_left;     /* bytes that are still to be given to the system, with it too */
    struct request request;    /* the request on its way, without `pipeline` */
    struct pipeline *pipeline; /* NULL where one request at a time is on its way */
    uint64_t answers;          /* good ones in the window */
    struct exchange exchange;

    /* Used where it waits for something else than an answer. */
    uint64_t since;         /* CONNECTING: begun; WAITING: due; IDLE: since when */
    struct conn_list *list; /* the one list that it is in, or NULL */
    TAILQ_ENTRY(client_conn) place;
    struct timer pause; /* --think's, before the next request */
};

/* The request that the next answer is for. There must be one. */
static inline const struct request *conn_oldest(const struct client_conn *c)
{
    return c->pipeline ? pipeline_at(c->pipeline, 0) : &c->request;
}

/* `c` must not be in a list. */
static inline void conn_list_append(struct conn_list *list, struct client_conn *c)
{
    c->list = list;
    TAILQ_INSERT_TAIL(list, c, place);
}

/* Take `c` out of the list that it is in, if it is in one. */
static inline void conn_list_remove(struct client_conn *c)
{
    if (c->list)
        TAILQ_REMOVE(c->list, c, place);
    c->list = NULL;
}

#endif
