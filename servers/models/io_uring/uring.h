/* What the files of the model io-uring share. Calls go down: io_uring.c, uring_conn.c, uring.c.
 *
 * Needed: Linux 6.1 (for IORING_SETUP_DEFER_TASKRUN; what else is used is older). See
 * io_uring_setup(2), io_uring_enter(2), io_uring_prep_*(3). */
#ifndef IOM_SERVER_URING_H
#define IOM_SERVER_URING_H

#include <liburing.h>

#include "servers/app/buffer.h"
#include "servers/drive/reactor.h"

/* Bytes of the answers that are sent with a batch. When there are so many they are submitted at
 * once: few enough to be in the cache still when the kernel reads them. */
#define URING_KEPT_MAX ((size_t)64 << 10)

/* The size of a buffer to receive in. A line more than half a page: at a distance of whole pages
 * the first lines of all buffers would compete for the same few places of the cache. */
#define URING_BUFFER_SIZE ((size_t)2048 + 64)

/* Counters of the model's own, in counters.extra[]. */
enum { URING_ENTERS, URING_SHORT_SENDS, URING_NO_BUFFERS, URING_ZEROCOPY_SENDS };

/* The ring, and what its connections share. */
struct uring {
    struct reactor reactor; /* knows the open connections */
    struct io_uring io;     /* two queues that are shared with the kernel */
    bool sqpoll;            /* a thread of the kernel takes the requests */
    bool zerocopy;          /* large answers are sent without copying */
    bool multishot;         /* one request accepts, or receives, again and again */
    /* The table of sockets, which are no file descriptors: its slots, those that are taken, and of
     * these the ones whose closing is queued. */
    size_t slots, slots_used, slots_closing;
    /* A ring of buffers, of which the kernel picks one when data comes. */
    struct io_uring_buf_ring *entries;
    uint8_t *buffers;
    /* How many batches were submitted and their failed sends seen to: what was sent in an earlier
     * epoch is with the kernel. */
    uint64_t epoch;
    unsigned seen; /* completions in the queue that were looked at for failed sends */
    size_t dying;  /* connections that are closed and not freed yet */
    SLIST_HEAD(uring_waiting, uring_conn) waiting; /* for the next epoch */
    /* The answers that are sent with the next batch, the large ones in blocks, and their bytes. */
    uint8_t arena[URING_KEPT_MAX];
    struct buffers blocks;
    size_t kept;
};

/* What a request is for: in the low bits of its user_data, beside the pointer to its connection,
 * which malloc aligns to 16 bytes. */
#define URING_KIND_BITS 4
enum uring_kind {
    URING_OTHER, /* nobody waits for the completion, which tells of a harmless failure */
    URING_ACCEPT,
    URING_RECEIVE,
    URING_SEND,      /* or a shutdown */
    URING_SEND_KEPT, /* posts a completion only where not all could be sent at once */
    URING_STOP,
};

static inline enum uring_kind uring_kind(const struct io_uring_cqe *cqe)
{
    return (enum uring_kind)(cqe->user_data & 15);
}

static inline struct uring_conn *uring_of(const struct io_uring_cqe *cqe)
{
    return (struct uring_conn *)(uintptr_t)(cqe->user_data & ~UINT64_C(15));
}

/* Can a server have such a ring here? A small one is tried, and closed. */
bool uring_is_allowed(bool sqpoll, bool zerocopy, char *why, size_t size);

/* Open the ring of `*u`, with slots for `max_connections` (0: as many as can be), or die. */
void uring_open(struct uring *u, size_t max_connections);
void uring_close(struct uring *u);

/* An empty request to fill in, never NULL. Submits first where the queue is full. */
struct io_uring_sqe *uring_request(struct uring *u);

/* When it is filled in: nobody waits for it. */
void uring_forget(struct io_uring_sqe *sqe);

/* Submit what is queued, and if `wait` sleep until there is a completion, or `timeout_ms` are over
 * (-1: never): one system call. */
void uring_enter(struct uring *u, bool wait, int timeout_ms);

/* Give back the buffer that the data of a completion is in. */
void uring_recycle(struct uring *u, const struct io_uring_cqe *cqe);

struct uring_conn {
    struct conn base; /* without a descriptor */
    unsigned slot;    /* its place in the table of sockets */
    unsigned pending; /* requests that will post another completion */
    enum {
        URING_DEAF,   /* no receive is armed */
        URING_ARMED,  /* a multishot receive is */
        URING_ENDING, /* and is asked to end */
        URING_EOF,    /* the client has sent its last byte */
    } input;
    enum {
        URING_FREE,     /* nothing is being sent, except what was kept in this epoch */
        URING_SENDING,  /* a send is pending */
        URING_PINNED,   /* what it has sent is still in use */
        URING_SHUTTING, /* a shutdown of the sending side is pending */
    } output;
    int sent;             /* what the last send said */
    bool must_copy;       /* to send without copying was refused */
    bool waits;           /* for the next epoch */
    bool closed;          /* only what is pending keeps it */
    uint64_t kept_in;     /* the epoch of the last answer that was kept */
    const uint8_t *kept;  /* that answer */
    uint32_t kept_length; /* and its length */
    /* The request that sends it, while more can be sent with it; else NULL. */
    struct io_uring_sqe *kept_request;
    struct buffer *block; /* what is sent before anything that the session has; or NULL */
    struct iovec parts[2];
    struct msghdr message;
    const uint8_t *fresh; /* input that has just come */
    size_t fresh_length;
    struct chain held; /* older input, that the session does not take yet */
    SLIST_ENTRY(uring_conn) next_waiting;
};

void uring_close_slot(struct uring *u, unsigned slot);

/* Close it, or have it closed when its shutdown has completed. It is freed when nothing can name it
 * any more. */
void uring_conn_close(struct uring *u, struct uring_conn *c);
void uring_conn_free(struct uring *u, struct uring_conn *c);

/* Do what the session wants. False when a completion or the next epoch has to come first. */
bool uring_feed(struct uring *u, struct uring_conn *c);
bool uring_send(struct uring *u, struct uring_conn *c);

/* Is what was kept known to be sent? Else the connection goes on with the next epoch. */
bool uring_is_sent(struct uring *u, struct uring_conn *c);
void uring_shut(struct uring *u, struct uring_conn *c);

/* The end of each step, and the first thing for a new connection: arm or cancel the receive, keep
 * what must be kept, set the timer. */
void uring_end_step(struct uring *u, struct uring_conn *c);

/* Completions. The connection is closed where it is broken, or memory is out. */
void uring_received(struct uring *u, struct uring_conn *c, const struct io_uring_cqe *cqe);
void uring_sent(struct uring *u, struct uring_conn *c, const struct io_uring_cqe *cqe);

/* See to kept answers that were not sent, before all other completions. False where some may not be
 * known yet; else a new epoch has begun. */
bool uring_see_failed(struct uring *u);

#endif
