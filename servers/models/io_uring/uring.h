/* The io_uring of the model io-uring: two queues that it shares with the kernel, a table of sockets
 * that are no file descriptors, and a ring of buffers that the kernel picks from when data comes.
 *
 * Needed: Linux 6.1 (IORING_SETUP_DEFER_TASKRUN; what else is used, multishot accept and receive
 * and IORING_OP_SEND_ZC, is older). See io_uring_setup(2), io_uring_enter(2) and
 * io_uring_prep_*(3). */
#ifndef IOM_SERVER_URING_H
#define IOM_SERVER_URING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "servers/app/buffer.h"

/* Of one provided buffer. A line more than half a page: at a distance of whole pages the first
 * lines of all buffers would compete for the same few places of the cache. */
#define URING_BUFFER_SIZE ((size_t)2048 + 64)

/* Answers that are sent with the next batch, in the arena and in blocks of their own, have so many
 * bytes at the most. Then they are submitted at once: few enough to be in the cache still when the
 * kernel reads them. */
#define URING_ARENA_SIZE ((size_t)64 << 10)

struct uring {
    struct io_uring io;
    unsigned slots; /* sockets in the table */
    bool sqpoll;
    struct io_uring_buf_ring *entries;
    uint8_t *buffers;
    uint8_t *arena;
    size_t batch_bytes;    /* of answers that are sent with the next batch */
    struct buffer *blocks; /* which of these answers lie in */
    /* How many batches were submitted and their failed sends looked at: what was sent in an earlier
     * epoch is with the kernel. */
    uint64_t epoch;
};

/* What a request is for: in the low bits of its user_data, beside the pointer to its connection. */
enum uring_kind {
    URING_OTHER, /* nobody waits for the completion, which tells of a harmless failure */
    URING_ACCEPT,
    URING_RECEIVE,
    URING_COPY_SENT, /* posts a completion only where not all could be sent at once */
    URING_JOINED,    /* that, and what was sent behind it */
    URING_SENT,
    URING_SHUT_DOWN,
    URING_TIMER,
    URING_STOP,
};

static inline uint64_t uring_tag(const void *of, enum uring_kind kind)
{
    return (uint64_t)(uintptr_t)of | kind; /* malloc aligns to 16 bytes */
}

static inline enum uring_kind uring_kind(const struct io_uring_cqe *cqe)
{
    return (enum uring_kind)(cqe->user_data & 15);
}

static inline void *uring_of(const struct io_uring_cqe *cqe)
{
    return (void *)(uintptr_t)(cqe->user_data & ~UINT64_C(15));
}

/* Open `*u` for `slots` sockets; `sqpoll`: with a kernel thread that takes the requests. Returns
 * true, or false with the reason in `why`, and nothing is left open. */
bool uring_open(struct uring *u, unsigned slots, bool sqpoll, char *why, size_t size);
void uring_close(struct uring *u);

/* Does the kernel know how to send without copying? */
bool uring_can_zerocopy(struct uring *u);

/* An empty request to fill in. Submits first where the queue is full. Never NULL. */
struct io_uring_sqe *uring_request(struct uring *u);

/* The same, for an operation on the socket in `slot`. */
static inline void uring_on_slot(struct io_uring_sqe *sqe, const void *of, enum uring_kind kind)
{
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = uring_tag(of, kind);
}

/* Submit what is queued, and if `wait` sleep until there is a completion: one system call. Returns
 * false when a signal ended it. */
bool uring_enter(struct uring *u, bool wait);

/* Is there room for an answer of `size` bytes in this batch? */
static inline bool uring_has_room(const struct uring *u, size_t size)
{
    return size <= URING_ARENA_SIZE - u->batch_bytes;
}

/* Keep an answer, for which there is room, until what was submitted with it is done: a copy of
 * `data`, or the block that it lies in. */
const uint8_t *uring_keep_copy(struct uring *u, const uint8_t *data, size_t size);
const uint8_t *uring_keep_block(struct uring *u, struct buffer *b);

/* What was submitted is done: the answers are no longer needed. */
void uring_batch_done(struct uring *u);

/* The provided buffer that the data of a completion is in, and how it is given back. */
static inline uint8_t *uring_buffer(const struct uring *u, uint32_t cqe_flags)
{
    return u->buffers + (size_t)(cqe_flags >> IORING_CQE_BUFFER_SHIFT) * URING_BUFFER_SIZE;
}

void uring_recycle(struct uring *u, uint32_t cqe_flags);

#endif
