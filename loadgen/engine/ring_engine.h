/* The requests of the io_uring engine: how they are queued, and how their completions find the
 * connection they are for. What the engine does with them is in ring_engine.c. */
#ifndef IOM_RING_ENGINE_H
#define IOM_RING_ENGINE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine/client_conn.h"
#include "loadgen/engine/engine.h"
#include "loadgen/engine/ring.h"

#define RING_BATCH        256
#define PLAIN_BUFFER_SIZE ((size_t)64 << 10)

/* What a request is for: in the low bits of its tag. Of the first three a connection has one
 * pending at the most of each. */
enum ring_kind { RECEIVE, READABLE, WRITABLE, SEND, WAKE, OTHER };

#define RING_BIT(kind) ((uint8_t)(1u << (kind)))

/* What the engine keeps for a connection, by its number in the thread. */
struct ring_conn {
    uint32_t generation; /* how many times it was closed */
    uint32_t queued;     /* length of the last send through the ring */
    uint8_t armed;       /* the kinds that are pending, as bits */
    uint8_t full;        /* provided buffers filled in a row */
    bool plain;          /* receives plainly */
    bool registered;     /* its slot is in use */
};

struct ring_state {
    struct ring ring;
    struct ring_conn *conns;
    uint64_t now;   /* when the batch was handed over */
    bool closing;   /* slots are emptied by requests not yet submitted */
    bool all_plain; /* every connection receives plainly */
    struct io_uring_cqe *batch[RING_BATCH];
    char buffer[PLAIN_BUFFER_SIZE]; /* for plain receives: what is read is used at once */
};

static inline struct ring_conn *ring_conn(const struct io *io, const struct client_conn *c)
{
    const struct ring_state *s = io->state;
    return &s->conns[c - io->conns];
}

/* The slot of a connection in the table of registered sockets: its number. */
static inline int ring_slot(const struct io *io, const struct client_conn *c)
{
    return (int)(c - io->conns);
}

/* Does `error` say no more than: try again? */
static inline bool ring_passing(int error)
{
    return error == EAGAIN || error == EINTR || error == EBUSY || error == ETIME;
}

/* A tag: 32 bits of number, 24 of generation, 8 of kind. A generation comes again after 2^24
 * times of closing, when nothing of the old one can be pending any more. */
static inline uint64_t ring_tag(const struct io *io, const struct client_conn *c,
                                enum ring_kind kind)
{
    return (uint64_t)(c - io->conns) << 32 |
           (uint64_t)(ring_conn(io, c)->generation & 0xffffff) << 8 | (uint64_t)kind;
}

static inline enum ring_kind ring_kind(uint64_t tag)
{
    return (enum ring_kind)(tag & 0xff);
}

/* The connection of a tag of one of its kinds; NULL if it was closed since. */
static inline struct client_conn *ring_conn_of(const struct io *io, uint64_t tag)
{
    struct client_conn *c = &io->conns[tag >> 32];
    return c->fd >= 0 && ring_tag(io, c, ring_kind(tag)) == tag ? c : NULL;
}

/* An empty request to fill in. Submits first where the queue is full. Never NULL. */
struct io_uring_sqe *ring_request(struct io *io);

/* Submit all that is queued, without waiting. Ends the program where the kernel refuses. */
void ring_submit(struct io *io);

/* Ask to be told once that the socket of `c` is READABLE or WRITABLE, if that is not pending. */
void ring_arm_poll(struct io *io, struct client_conn *c, enum ring_kind kind);

/* Receive in the way that suits `c`; what was armed before is over. */
void ring_arm_receive(struct io *io, struct client_conn *c);

/* Send what `c` has to send: through the ring, or by ring_send_plainly() where it is unlikely to
 * fit. */
void ring_send(struct io *io, struct client_conn *c);

/* The same by system calls; the rest when there is room. */
void ring_send_plainly(struct io *io, struct client_conn *c);

/* A send through the ring was not done, or not to its end: `result` bytes or a negative errno. */
void ring_send_failed(struct io *io, struct client_conn *c, int result);

/* Cancel the pending request of that kind, if there is one. */
void ring_cancel(struct io *io, struct client_conn *c, enum ring_kind kind);

#endif
