/* The connections of a thread: what becomes of each, and of the requests on it.
 *
 * A lost connection is opened again: at once the first time, then after 10 ms, and each time twice
 * as long, up to about a second. An answer makes the delays begin anew.
 *
 * A call goes down from here to the engine. The reports of the engine come back through a table.
 * What is reported to the owner of the connections goes through another table. */
#ifndef IOM_CONNS_H
#define IOM_CONNS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "loadgen/cli/options.h"
#include "loadgen/engine/client_conn.h"
#include "loadgen/engine/engine.h"
#include "loadgen/record/record.h"

struct conns;

/* What is reported of the connections, each at io.now; NULL: it is not. */
struct conn_events {
    /* `c` can take a request. */
    void (*ready)(struct conns *cs, struct client_conn *c);
    /* Request `q` on `c` has ended, `age` after it was sent. Where `q` is NULL an answer came that
     * no request asked for. */
    void (*ended)(struct conns *cs, struct client_conn *c, const struct request *q,
                  enum count outcome, uint64_t age);
    /* A connection did not come up: the request that it would have carried has ended so. */
    void (*unopened)(struct conns *cs, enum count outcome);
};

/* Delays before a connection is opened: none, then 10 ms doubled up to 1.28 s. There is a list for
 * each delay, so each list is in order of time. */
#define OPEN_DELAYS 9

/* How long a connection may take. The kernel repeats a SYN that was dropped (a full listen
 * queue) after 1 s and again 2 s later (RFC 6298): this lets both through. */
#define CONNECT_LIMIT_NS (4 * NS_PER_S)

struct conns {
    struct io io;                     /* first: what engines are given */
    const struct conn_events *events; /* see conns_report() */
    void *pace;                       /* where the pacing keeps what it needs */
    struct record *record;
    /* The phase of the owner ends then (CLOCK_NEVER), and next_phase() is to go on to the next
     * before anything is counted that happened later. An event may bring the end forward. */
    uint64_t phase_ends;
    void (*next_phase)(struct conns *cs);
    uint32_t first_id;       /* of the connections, in the numbering of the whole run */
    uint32_t per_connection; /* requests on a connection, then it is closed; UINT32_MAX */
    bool coming_up;          /* they are being opened for the first time */
    bool asked_all;      /* no more requests are to be made: a closed connection stays closed */
    bool over;           /* nothing is looked at any more */
    uint32_t untried;    /* connections whose first attempt has not ended */
    uint32_t settled;    /* connections that have had an answer */
    uint64_t looked;     /* all that had happened by then has been reported */
    uint32_t put_off;    /* waits in a row that may not have reported all */
    uint64_t next_check; /* no request can be too late before */
    struct conn_list connecting;
    struct conn_list waiting[OPEN_DELAYS];
    uint64_t waiting_count;
    struct client_conn **flush; /* with --pipeline: connections with something to send */
    uint32_t flush_count;
};

/* Allocate what is needed and create the engine. What the options, the run and the owner say must
 * be there: io's engine to wake_fd without conns, record, next_phase, first_id. */
void conns_create(struct conns *cs);

/* From here on report to `events`; NULL: to nobody, as in the beginning. */
static inline void conns_report(struct conns *cs, const struct conn_events *events)
{
    static const struct conn_events nobody;
    cs->events = events ? events : &nobody;
}

/* Close all; their counts of answers stay, until conns_free(). */
void conns_close(struct conns *cs);
void conns_free(struct conns *cs);

/* Begin to open all. Returns by when they must have come up. */
uint64_t conns_open(struct conns *cs);

/* No more of them are waited for. Returns how many are up. */
uint32_t conns_opened(struct conns *cs);

/* How many are up now, at rest or with a request under way. */
uint32_t conns_up(const struct conns *cs);

/* When there is something to do for conns_check(), at `at` at the latest. */
uint64_t conns_deadline(const struct conns *cs, uint64_t at);

/* Send what --pipeline has gathered. */
void conns_flush(struct conns *cs);

/* Wait for events until `deadline`, once. */
void conns_wait(struct conns *cs, uint64_t deadline);

/* Find the requests that are too late, and open the connections that are due. */
void conns_check(struct conns *cs);

/* When the oldest request that is on its way was sent; CLOCK_NEVER where there is none. */
uint64_t conns_oldest(const struct conns *cs);

/* May another request be sent on `c` now? */
static inline bool conn_has_room(const struct conns *cs, const struct client_conn *c)
{
    return c->on_its_way < cs->io.options->pipeline && c->begun < cs->per_connection &&
           !c->server_closed;
}

/* Make the next request on `c`, which has room. It counts as sent at io.now. Call conn_send()
 * next: it gives the bytes to the engine. */
struct request *conn_begin(struct conns *cs, struct client_conn *c);
void conn_send(struct conns *cs, struct client_conn *c);

/* Call before anything is counted that happened at io.now. */
static inline void conns_notice_time(struct conns *cs)
{
    while (__builtin_expect(cs->io.now >= cs->phase_ends, 0))
        cs->next_phase(cs);
}

#endif
