/* The requests of the io_uring engine: how they are queued, and how their completions find the
 * connection they are for. What the engine does with them is in engine_io_uring.c. */
#ifndef IOM_URING_H
#define IOM_URING_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine/client_conn.h"
#include "loadgen/engine/engine.h"
#include "loadgen/engine/ring.h"

#define URING_BATCH       256
#define URING_BUFFER_SIZE ((size_t)64 << 10)

/* What a request is for: in the low bits of its tag. Of the first three a connection has one
 * pending at the most of each. */
enum uring_kind { RECEIVE, READABLE, WRITABLE, SEND, WAKE, OTHER };

#define URING_BIT(kind) ((uint8_t)(1u << (kind)))

/* What the engine keeps for a connection, by its number in the thread. */
struct uring_conn {
    uint32_t generation; /* how many times it was closed */
    uint32_t queued;     /* length of the last send through the ring */
    uint8_t armed;       /* the kinds that are pending, as bits */
    uint8_t full;        /* provided buffers filled in a row */
    bool plain;          /* receives plainly */
    bool registered;     /* its slot is in use */
};

struct uring_state {
    struct ring ring;
    struct uring_conn *conns;
    uint64_t now;    /* when the batch was handed over */
    uint64_t unpaid; /* bytes that were counted as sent and were not */
    bool closing;    /* slots are emptied by requests not yet submitted */
    bool is_unix;
    bool all_plain; /* every connection receives plainly */
    struct io_uring_cqe *batch[URING_BATCH];
    char buffer[URING_BUFFER_SIZE]; /* for plain receives: what is read is used at once */
};

static inline struct uring_conn *uring_conn(const struct io *io, const struct client_conn *c)
{
    const struct uring_state *s = io->state;
    return &s->conns[c - io->conns];
}

/* The slot of a connection in the table of registered sockets: its number. */
static inline int uring_slot(const struct io *io, const struct client_conn *c)
{
    return (int)(c - io->conns);
}

/* Does `error` say no more than: try again? */
static inline bool uring_passing(int error)
{
    return error == EAGAIN || error == EINTR || error == EBUSY || error == ETIME;
}

/* A tag: 32 bits of number, 24 of generation, 8 of kind. A generation comes again after 2^24
 * times of closing, when nothing of the old one can be pending any more. */
static inline uint64_t uring_tag(const struct io *io, const struct client_conn *c,
                                 enum uring_kind kind)
{
    return (uint64_t)(c - io->conns) << 32 |
           (uint64_t)(uring_conn(io, c)->generation & 0xffffff) << 8 | (uint64_t)kind;
}

static inline enum uring_kind uring_kind(uint64_t tag)
{
    return (enum uring_kind)(tag & 0xff);
}

/* The connection of a tag of one of its kinds; NULL if it was closed since. */
static inline struct client_conn *uring_conn_of(const struct io *io, uint64_t tag)
{
    struct client_conn *c = &io->conns[tag >> 32];
    return c->fd >= 0 && uring_tag(io, c, uring_kind(tag)) == tag ? c : NULL;
}

/* An empty request to fill in. Submits first where the queue is full. Never NULL. */
struct io_uring_sqe *uring_request(struct io *io);

/* Submit all that is queued, without waiting. Ends the program where the kernel refuses. */
void uring_submit(struct io *io);

/* Ask to be told once that the socket of `c` is READABLE or WRITABLE, unless that is pending.
 */
void uring_arm_poll(struct io *io, struct client_conn *c, enum uring_kind kind);

/* Receive in the way that suits `c`; what was armed before is over. */
void uring_arm_receive(struct io *io, struct client_conn *c);

/* Send what `c` has to send: through the ring, or by uring_send_plainly() where it is unlikely to
 * fit. */
void uring_send(struct io *io, struct client_conn *c);

/* The same by system calls; the rest when there is room. */
void uring_send_plainly(struct io *io, struct client_conn *c);

/* A send through the ring was not done, or not to its end: `result` bytes or a negative errno. */
void uring_send_failed(struct io *io, struct client_conn *c, int result);

/* Cancel the pending request of that kind, if there is one. */
void uring_cancel(struct io *io, struct client_conn *c, enum uring_kind kind);

#endif
