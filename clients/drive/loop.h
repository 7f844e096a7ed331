/* The work that readiness loops share: their connections and the deadlines of these.
 *
 * A loop written over this has the same shape in every model:
 *
 *     loop_init(&l, job);
 *     loop_start(&l, set_want);
 *     while (loop_running(&l)) {
 *         n = WAIT(..., loop_timeout_ms(&l));
 *         loop_woke(n);
 *         for each ready connection c:  set_want(&l, c, conn_step(c));
 *         loop_turn(&l);
 *     }
 *     loop_free(&l);
 *
 * with set_want(), the model's own, telling the kernel what the connection waits for now. */
#ifndef IOM_CLIENT_LOOP_H
#define IOM_CLIENT_LOOP_H

#include "clients/drive/conn.h"

struct loop;

/* Tell the kernel what `c` waits for: the model's function. It calls loop_wait(). */
typedef void loop_set_want(struct loop *l, struct conn *c, enum conn_want want);

struct loop {
    struct conn *conns;
    unsigned count;   /* of them */
    unsigned busy;    /* those that are not over */
    uint64_t look_at; /* when the deadlines are looked at next: clock_ns() */
    loop_set_want *set_want;
    int set; /* the model's, if it waits on a set of epoll */
};

/* Make as many connections as the job may have requests at once. */
void loop_init(struct loop *l, struct job *job);
void loop_free(struct loop *l);

/* Begin with all of them. */
void loop_start(struct loop *l, loop_set_want *set_want);

/* False when all requests of the job have ended. */
static inline bool loop_running(const struct loop *l)
{
    return l->busy > 0;
}

/* `c` waits for `want` from now on; CONN_OVER: it has no request any more. */
void loop_wait(struct loop *l, struct conn *c, enum conn_want want);

/* How long the wait may take: until the next deadline; -1 for ever. */
int loop_timeout_ms(const struct loop *l);

/* The wait has returned `n`. Ends the program where that is -1, unless a signal ended the wait. */
void loop_woke(int n);

/* The end of a turn: requests whose time is over fail, and their connections go on. */
void loop_turn(struct loop *l);

/* The same for models that do something else then: `late` is called for each connection whose
 * request is past its deadline. */
void loop_each_late(struct loop *l, void (*late)(struct loop *l, struct conn *c));

#endif
