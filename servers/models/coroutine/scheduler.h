/* What runs the coroutines of the model coroutine: an epoll loop that resumes each when what it
 * waits for has come. One coroutine serves one connection. */
#ifndef IOM_SCHEDULER_H
#define IOM_SCHEDULER_H

#include "servers/drive/conn.h"

/* Run until the server stops: accept, and have each connection served by `converse` in a coroutine
 * of its own, begun with the first report of its socket. When that returns the connection is
 * closed. */
void scheduler_run(struct server *server, void (*converse)(struct conn *c));

/* For coroutines: */

/* Let others run until `c` can go on. Sockets are registered once and for everything,
 * edge-triggered: do not wait for CONN_READ before the socket is dry, nor for CONN_WRITE before
 * it is full. session->dry is cleared when there is more to read.
 *
 * True where the socket is ready for what was waited for: to be tried, not to be relied upon. False
 * where the session is to be asked: its deadline has come, the client has gone while CONN_WAIT was
 * waited for, or the server stops. */
bool scheduler_wait(struct conn *c, enum conn_want want);

/* To be called before each recv (CONN_READ) and send (CONN_WRITE): after some in a row the others
 * have their turn. */
void scheduler_give_way(struct conn *c, enum conn_want want);

/* The clock, as read after the last wake-up. */
uint64_t scheduler_now(void);

#endif
