/* The work that readiness loops share: their connections, deadlines, accepting and stopping.
 *
 * A loop written over this has the same shape in every model:
 *
 *     while (reactor_running(&r)) {
 *         n = WAIT(..., reactor_timeout_ms(&r));
 *         reactor_woke(&r, n);
 *         for each ready connection c:  set_want(&r, c, conn_step(c, r.now));
 *         if the listening socket is ready:  while ((c = reactor_accept(&r))) ... watch c ...
 *         reactor_turn(&r, set_want);
 *     }
 *
 * with set_want(), the model's own, telling the kernel what the connection waits for now. */
#ifndef IOM_REACTOR_H
#define IOM_REACTOR_H

#include "servers/drive/conn.h"

/* A storm of connections is no reason to let the established ones wait. */
#define ACCEPTS_PER_TURN 16

struct reactor {
    struct server *server;
    struct counters *counters;
    uint64_t now; /* the clock, as read after the last wake-up */
    struct timers timers;
    LIST_HEAD(, conn) conns; /* the loop's connections, newest first */
    size_t conn_size;        /* of the model's struct for each, which begins with struct conn */
    size_t count;
    bool draining;
    uint64_t accept_again_at; /* accepting rests until then */
    uint64_t wake_at;         /* see reactor_alarm_ms() */
    bool stopped_accepting;
    unsigned accepts;    /* in this turn */
    bool more_to_accept; /* the turn's share was taken, and somebody may still wait */
    int set;             /* the model's, if it waits on a set of epoll */
};

/* Tell the kernel what `c` waits for: the model's function. CONN_DONE asks it to forget the
 * connection and to call reactor_close(). */
typedef void reactor_set_want(struct reactor *r, struct conn *c, enum conn_want want);

void reactor_init(struct reactor *r, struct server *server, size_t conn_size);
void reactor_free(struct reactor *r);

/* False when the server has been told to stop and the last connection is closed. */
bool reactor_running(const struct reactor *r);

/* Is the listening socket to be watched? Not while the process is out of descriptors: it would
 * stay ready, and a level-triggered wait would spin. */
bool reactor_accepting(const struct reactor *r);

/* How long the wait may take: until the next deadline; -1 for ever. */
int reactor_timeout_ms(const struct reactor *r);

/* The wait has returned `events`, the number of ready descriptors, or -1 with its errno; ends the
 * program where that is no signal, as the next wait would fail the same way. */
void reactor_woke(struct reactor *r, int events);

/* Take the next new connection, NULL if there is no other, accepting rests, or ACCEPTS_PER_TURN
 * were taken in this turn: then more_to_accept is set. A loop that is told only of changes has to
 * come back by itself; the others are told again. */
struct conn *reactor_accept(struct reactor *r);

/* The end of a turn: connections whose deadline has come, and SIGTERM if it has come. */
void reactor_turn(struct reactor *r, reactor_set_want *set_want);

/* The parts of reactor_turn(), for models that do more than a step there. The next connection whose
 * deadline has come: its session is to be asked. NULL if there is none. */
struct conn *reactor_expired(struct reactor *r);

/* The same for a model whose connections are not always the loop's own to touch: the next
 * connection whose timer is over, its timer taken out. Its deadline may have moved. */
struct conn *reactor_due(struct reactor *r);

/* Once a turn: has SIGTERM come since the last turn? Then all connections are to be drained. */
bool reactor_must_drain(struct reactor *r);

/* After every step: `c` waits for `want`, which is not CONN_DONE, or for its deadline. The second
 * function is for loops that need not know what `c` waits for. */
void reactor_wait(struct reactor *r, struct conn *c, enum conn_want want);
void reactor_keep_time(struct reactor *r, struct conn *c);

void reactor_close(struct reactor *r, struct conn *c);

/* What follows is for loops of libraries, which accept by themselves, and whose connections may be
 * closed some time after they are over. */

/* A new connection, NULL when memory is out: `fd` is the caller's then. */
struct conn *reactor_add(struct reactor *r, int fd);

/* It is no longer one of the loop's. Then conn_close() may come at any time. */
void reactor_forget(struct reactor *r, struct conn *c);

/* Out of descriptors or memory: accepting rests for a while. */
void reactor_rest(struct reactor *r);

/* The server stops, and all that came before that has been read: idle connections go. */
void reactor_close_idle(struct reactor *r, void (*step)(struct conn *c));

/* After each turn: in how many milliseconds the library's timer must wake the loop; -1 where it is
 * set early enough. When it fires, wake_at is to be set to CLOCK_NEVER. */
int reactor_alarm_ms(struct reactor *r);

/* Close a connection that was accepted but cannot be served, and count it as refused. */
void reactor_refuse(struct reactor *r, struct conn *c);

#endif
