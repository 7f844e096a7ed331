/* The loop over batches of completions, and what its connections share. */
#ifndef IOM_URING_LOOP_H
#define IOM_URING_LOOP_H

#include "common/timers.h"
#include "servers/model.h"
#include "servers/models/io_uring/uring.h"

struct uring_conn;

/* What the connections of a server share. */
struct uring_loop {
    struct uring ring;
    struct server *server;
    struct counters *counters;
    uint64_t now;
    struct timers timers;
    struct uring_conn *conns; /* those open, newest first */
    size_t count;             /* how many they are */
    /* Slots of the table that are taken, and of those the ones whose closing is queued. */
    size_t slots_used, slots_closing;
    size_t dying; /* closed ones that something is still pending for */
    struct uring_conn *waiting;
    /* Completions in the queue that were looked at for copies that were not sent. */
    unsigned seen;
    bool hurry;        /* somebody waits who has something to do: do not sleep */
    bool draining;     /* connections are closed as soon as they are idle */
    bool zerocopy;     /* large answers are sent without copying */
    uint64_t timer_at; /* of the armed timeout; CLOCK_NEVER for none */
    uint64_t wake_at;  /* when else the loop has to wake; CLOCK_NEVER for never */
};

/* One batch: submit what is queued, sleep until something completes (if `sleep`, and nobody has
 * something to do before), and work that off. The completions of connections go to them, the others
 * to `other`. Returns how many there were. */
unsigned uring_turn(struct uring_loop *l, bool sleep,
                    void (*other)(struct uring_loop *l, const struct io_uring_cqe *cqe));

/* Submit what is queued now and see to the copies that did not go out: the arena is empty then.
 * Returns false where that cannot be known yet. */
bool uring_flush(struct uring_loop *l);

/* Go on with `c` when what is queued now has been submitted and its failures are known. */
void uring_wait_for_batch(struct uring_loop *l, struct uring_conn *c);

/* Keep the timer of `c` right; without memory for it the connection is closed. */
void uring_keep_time(struct uring_loop *l, struct uring_conn *c);

#endif
