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

/* Of one provided buffer. A line more than half a page: at a distance of whole pages the first
 * lines of all buffers would compete for the same few places of the cache. */
#define URING_BUFFER_SIZE ((size_t)2048 + 64)

/* For answers that are copied to be sent with the next batch. When it is full they are submitted at
 * once: few enough to be in the cache still when the kernel reads them. */
#define URING_ARENA_SIZE ((size_t)64 << 10)

struct uring {
    struct io_uring io;
    unsigned slots; /* sockets in the table */
    bool sqpoll;
    struct io_uring_buf_ring *entries;
    uint8_t *buffers;
    uint8_t *arena;
    size_t arena_used;
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

/* `size` bytes that stay as they are until what was submitted with them is done; NULL if there is
 * no room. */
void *uring_arena(struct uring *u, size_t size);

/* The provided buffer that the data of a completion is in, and how it is given back. */
static inline uint8_t *uring_buffer(const struct uring *u, uint32_t cqe_flags)
{
    return u->buffers + (size_t)(cqe_flags >> IORING_CQE_BUFFER_SHIFT) * URING_BUFFER_SIZE;
}

void uring_recycle(struct uring *u, uint32_t cqe_flags);

#endif
