/* One io_uring with what the engine needs beside it: a table of registered sockets and a ring
 * of buffers that the kernel picks from when data comes.
 *
 * What is required is in Linux 5.19 (a sparse table of registered files, requests that post no
 * completion when they succeed, waiting with a timeout in one call). What is used where it is
 * there, and done without where not: IORING_SETUP_SINGLE_ISSUER (6.0) and DEFER_TASKRUN (6.1),
 * and receives that go on by themselves into provided buffers (IORING_RECV_MULTISHOT, 6.0). */
#ifndef IOM_RING_H
#define IOM_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one provided buffer. A line more than a page: at a distance of whole pages the first lines
 * of all buffers would compete for the same few places of the cache. */
#define RING_BUFFER_SIZE ((size_t)4096 + 64)

struct ring {
    struct io_uring io;
    bool multishot;                    /* can receive into provided buffers again and again */
    struct io_uring_buf_ring *entries; /* NULL without multishot */
    char *buffers;
    unsigned buffer_count; /* a power of two */
};

/* Open `*r` for up to `sockets` registered sockets. The calling thread must be the one that
 * uses and closes it. Returns true, or false with one line in `why`; then nothing is left open.
 */
bool ring_open(struct ring *r, unsigned sockets, char *why, size_t size);

/* Close `*r`. No request uses the buffers any more when it returns. */
void ring_close(struct ring *r);

/* The provided buffer that a completion's data is in. */
static inline char *ring_buffer(const struct ring *r, uint32_t cqe_flags)
{
    return r->buffers + (size_t)(cqe_flags >> IORING_CQE_BUFFER_SHIFT) * RING_BUFFER_SIZE;
}

/* Give the buffer of a completion back, if it has one. */
static inline void ring_recycle(struct ring *r, uint32_t cqe_flags)
{
    if (!(cqe_flags & IORING_CQE_F_BUFFER))
        return;
    io_uring_buf_ring_add(r->entries, ring_buffer(r, cqe_flags), RING_BUFFER_SIZE,
                          (unsigned short)(cqe_flags >> IORING_CQE_BUFFER_SHIFT),
                          io_uring_buf_ring_mask(r->buffer_count), 0);
    io_uring_buf_ring_advance(r->entries, 1);
}

#endif
