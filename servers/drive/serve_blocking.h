/* One connection served from its first byte to its last on a blocking socket: the way of
 * iterative, fork, prefork, thread and thread-pool. */
#ifndef IOM_SERVE_BLOCKING_H
#define IOM_SERVE_BLOCKING_H

#include <stdatomic.h>

#include "servers/model.h"

/* The connection as others see it: a signal handler or another thread that wants it to end. */
struct blocking_conn {
    atomic_int fd;   /* -1 when it is not open */
    atomic_int idle; /* it waits for the next request, or for the first */
};

/* Serve `fd` to the end and close it. `b` may be used by others meanwhile with the function
 * below. */
void serve_blocking(struct server *server, struct counters *counters, int fd,
                    struct blocking_conn *b);

/* The server stops (server_stopping() is true already): wake the connection if it waits for a
 * request. Async-signal-safe.
 *
 * A connection waits in recv(), and only the end of its input wakes it there for certain: a signal
 * that comes just before the call would be missed. So the first part of a request that recv()
 * returns in the very moment of the stop gets no second part: that client finds the connection
 * closed, as on every idle connection that closes under a request (RFC 9112, 9.3.1). */
void blocking_conn_drain(struct blocking_conn *b);

#endif
