#include "loadgen/engine/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ring_setup.h"
#include "loadgen/engine/coalesce.h"

/* Both queues are used round and round, so they are kept as small as goes: what fits into the
 * first-level cache. A full submission queue is submitted early, no more. The completion queue
 * takes two events of each socket; when it is full all the same, the kernel keeps the rest
 * (IORING_FEAT_NODROP) and ends the multishot receives concerned. */
#define SUBMISSIONS     128u
#define COMPLETIONS_MIN 256u
#define COMPLETIONS_MAX 32768u

/* Running out of buffers costs a request to receive again, having too many costs cache. What comes
 * while a batch of the largest size is handled needs as many once more. */
#define BUFFERS_MIN 32u
#define BUFFERS_MAX (2 * COALESCE_MAX)

static unsigned power_of_two(unsigned n, unsigned low, unsigned high)
{
    unsigned p = low;
    while (p < n && p < high)
        p *= 2;
    return p;
}

static bool fail(char *why, size_t size, const char *what, int error)
{
    snprintf(why, size, "%s: %s", what, strerror(error));
    return false;
}

/* The best set of flags that the kernel knows; EINVAL says that it does not know one. */
static int set_up(struct io_uring *io, unsigned sockets)
{
    static const unsigned flags[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_COOP_TASKRUN,
        0,
    };
    int result = 0;

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct io_uring_params p = {
            .flags = flags[i] | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
            .cq_entries = power_of_two(2 * sockets, COMPLETIONS_MIN, COMPLETIONS_MAX),
        };
        result = ring_setup(SUBMISSIONS, io, &p);
        if (result != -EINVAL)
            break;
    }
    return result;
}

/* Receive one byte as the engine would. Also true of kernels that were changed by others, which
 * a comparison of version numbers is not. */
static bool try_multishot(struct ring *r)
{
    struct __kernel_timespec limit = {.tv_sec = 1};
    struct io_uring_cqe *cqe = NULL;
    bool works = false;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->io);
    io_uring_prep_recv_multishot(sqe, pair[0], NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    sqe->user_data = 0;
    /* The byte, and the end of the stream, with which the receive is over. */
    bool sent = send(pair[1], "x", 1, MSG_NOSIGNAL) == 1;
    close(pair[1]);
    if (sent && io_uring_submit_and_wait_timeout(&r->io, &cqe, 1, &limit, NULL) >= 0 && cqe) {
        works = cqe->res == 1 && (cqe->flags & IORING_CQE_F_BUFFER) &&
                *ring_buffer(r, cqe->flags) == 'x';
        while (io_uring_peek_cqe(&r->io, &cqe) == 0) {
            ring_recycle(r, cqe->flags);
            io_uring_cqe_seen(&r->io, cqe);
        }
    }
    close(pair[0]);
    return works;
}

static void free_buffers(struct ring *r)
{
    if (r->entries)
        munmap(r->entries, r->buffer_count * sizeof(struct io_uring_buf));
    free(r->buffers);
    r->entries = NULL;
    r->buffers = NULL;
}

/* Failure is not an error: the engine then receives in another way. */
static void provide_buffers(struct ring *r, unsigned sockets)
{
    r->buffer_count = power_of_two(sockets, BUFFERS_MIN, BUFFERS_MAX);
    void *pages = mmap(NULL, r->buffer_count * sizeof(struct io_uring_buf),
                       PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return;
    r->entries = pages;
    r->buffers = malloc(r->buffer_count * RING_BUFFER_SIZE);
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)r->entries,
        .ring_entries = r->buffer_count,
    };
    if (!r->buffers || ring_setup_buffers(&r->io, &reg) < 0) {
        free_buffers(r);
        return;
    }
    io_uring_buf_ring_init(r->entries);
    for (unsigned i = 0; i < r->buffer_count; i++)
        io_uring_buf_ring_add(r->entries, r->buffers + i * RING_BUFFER_SIZE, RING_BUFFER_SIZE,
                              (unsigned short)i, io_uring_buf_ring_mask(r->buffer_count),
                              (int)i);
    io_uring_buf_ring_advance(r->entries, (int)r->buffer_count);
    r->multishot = try_multishot(r);
}

bool ring_open(struct ring *r, unsigned sockets, char *why, size_t size)
{
    const unsigned needed = IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP | IORING_FEAT_NODROP;

    memset(r, 0, sizeof *r);
    int result = set_up(&r->io, sockets);
    if (result < 0)
        return fail(why, size,
                    result == -ENOMEM ? "cannot set up a ring, which counts against ulimit -l"
                                      : "cannot set up a ring",
                    -result);
    result = (r->io.features & needed) == needed
                 ? io_uring_register_files_sparse(&r->io, sockets)
                 : -EOPNOTSUPP;
    if (result < 0) {
        io_uring_queue_exit(&r->io);
        return fail(why, size, "cannot register sockets with a ring (new in Linux 5.19)",
                    -result);
    }
    /* Saves the look-up of the ring's own descriptor in each call; does without where it cannot
     * be had. */
    io_uring_register_ring_fd(&r->io);
    provide_buffers(r, sockets);
    return true;
}

void ring_close(struct ring *r)
{
    /* From here on no request can pick a buffer, and while one writes into one it runs in this
     * thread, within a call. */
    if (r->entries)
        io_uring_unregister_buf_ring(&r->io, 0);
    io_uring_queue_exit(&r->io);
    free_buffers(r);
}
