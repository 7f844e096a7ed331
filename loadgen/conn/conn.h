/* One connection: opening.c opens and closes it, conn.c has the requests on it. For conns.c, which
 * hands the reports of the engine to these functions. */
#ifndef IOM_CONN_H
#define IOM_CONN_H

#include "loadgen/conn/conns.h"

/* Why a connection to a Unix-domain socket is still being tried. */
#define CONN_QUEUE_FULL "the listen queue is full"

/* Open the connection when its turn comes: after the delay that its failures earned. */
void conn_open_later(struct conns *cs, struct client_conn *c, uint64_t now);

/* Begin to connect a WAITING connection. */
void conn_open(struct conns *cs, struct client_conn *c);

/* Close, and open again unless nothing more is to be asked. No request is on its way. */
void conn_close(struct conns *cs, struct client_conn *c, bool failed);

/* It did not come up in time. */
void conn_open_timed_out(struct conns *cs, struct client_conn *c);

/* The answer did not come in time. */
void conn_timed_out(struct conns *cs, struct client_conn *c);

/* What the engine reports. */
void conn_connected(struct io *io, struct client_conn *c);
void conn_refused(struct io *io, struct client_conn *c, int error);
void conn_received(struct io *io, struct client_conn *c, const char *data, size_t size);
void conn_unasked(struct io *io, struct client_conn *c);
void conn_ended(struct io *io, struct client_conn *c);
void conn_failed(struct io *io, struct client_conn *c, int error);
void conn_send_failed(struct io *io, struct client_conn *c, int error);

/* The connections that `io`, given to an engine, is part of. */
static inline struct conns *conns_of(struct io *io)
{
    return (struct conns *)io;
}

static inline void conn_ready(struct conns *cs, struct client_conn *c)
{
    if (cs->events->ready)
        cs->events->ready(cs, c);
}

/* Count an outcome; `reason` is a constant string or NULL. */
static inline void conn_count(struct conns *cs, enum count outcome, const char *reason)
{
    cs->io.total.n[outcome]++;
    record_reason(cs->record, outcome, reason);
}

#endif
