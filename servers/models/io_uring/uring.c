#include "servers/models/io_uring/uring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

/* Requests and completions of a batch with a thousand connections. A submission queue that is full
 * is submitted early; what does not fit into the other the kernel keeps (IORING_FEAT_NODROP). */
#define SUBMISSIONS 1024u
#define COMPLETIONS 4096u

/* As many as may have data at one time. Fewer would cost requests to receive again. */
#define BUFFERS 1024u

/* The ring of buffers, the buffers, the arena. */
#define MEMORY                                                                                 \
    (BUFFERS * sizeof(struct io_uring_buf) + BUFFERS * URING_BUFFER_SIZE + URING_ARENA_SIZE)

/* How long the kernel thread looks for requests before it sleeps. */
#define SQPOLL_IDLE_MS 100

/* What keeps the kernel from taking requests passes; if it does not, so many times over, this is
 * the end. */
#define TRIES_MAX 1000

static bool fail(char *why, size_t size, const char *what, int error)
{
    snprintf(why, size, "%s: %s", what, strerror(error));
    return false;
}

static bool set_up(struct uring *u, char *why, size_t size)
{
    struct io_uring_params p = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = COMPLETIONS,
    };
    if (u->sqpoll) {
        p.flags |= IORING_SETUP_SQPOLL;
        p.sq_thread_idle = SQPOLL_IDLE_MS;
    } else {
        /* Completions are worked off in the call that waits for them, and nowhere else. */
        p.flags |= IORING_SETUP_DEFER_TASKRUN;
    }
    int result = io_uring_queue_init_params(SUBMISSIONS, &u->io, &p);
    switch (-result) {
    case 0:
        return true;
    case ENOSYS:
        return fail(why, size, "this kernel has no io_uring", ENOSYS);
    case EPERM:
    case EACCES:
        return fail(
            why, size,
            "io_uring is not allowed here (sysctl kernel.io_uring_disabled, or the seccomp "
            "filter of a container)",
            -result);
    case EINVAL:
        return fail(why, size, "io_uring of this kernel is too old (Linux 6.1 is needed)",
                    EINVAL);
    case ENOMEM:
        return fail(why, size, "no memory for an io_uring, which counts against ulimit -l",
                    ENOMEM);
    default:
        return fail(why, size, "cannot set up an io_uring", -result);
    }
}

static void put_buffer(struct uring *u, unsigned i, int offset)
{
    io_uring_buf_ring_add(u->entries, u->buffers + i * URING_BUFFER_SIZE, URING_BUFFER_SIZE,
                          (unsigned short)i, io_uring_buf_ring_mask(BUFFERS), offset);
}

static bool provide_buffers(struct uring *u, char *why, size_t size)
{
    /* The kernel takes the buffers in turn, so all of this is in use soon: no page of it is to be
     * fetched by a request. */
    void *pages = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (pages == MAP_FAILED)
        return fail(why, size, "cannot provide buffers", ENOMEM);
    u->entries = pages;
    u->buffers = (uint8_t *)pages + BUFFERS * sizeof(struct io_uring_buf);
    u->arena = u->buffers + BUFFERS * URING_BUFFER_SIZE;
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)u->entries,
                                   .ring_entries = BUFFERS};
    int result = io_uring_register_buf_ring(&u->io, &reg, 0);
    if (result < 0)
        return fail(why, size, "cannot register a ring of buffers", -result);
    io_uring_buf_ring_init(u->entries);
    for (unsigned i = 0; i < BUFFERS; i++)
        put_buffer(u, i, (int)i);
    io_uring_buf_ring_advance(u->entries, (int)BUFFERS);
    return true;
}

bool uring_open(struct uring *u, unsigned slots, bool sqpoll, char *why, size_t size)
{
    *u = (struct uring){.slots = slots, .sqpoll = sqpoll, .epoch = 1};
    if (!set_up(u, why, size))
        return false;
    int result = io_uring_register_files_sparse(&u->io, slots);
    bool ready = result < 0 ? fail(why, size, "cannot register a table of sockets", -result)
                            : provide_buffers(u, why, size);
    if (!ready)
        uring_close(u);
    else
        io_uring_register_ring_fd(&u->io); /* saves a look-up in each call, if it succeeds */
    return ready;
}

void uring_close(struct uring *u)
{
    io_uring_queue_exit(&u->io);
    if (u->entries)
        munmap(u->entries, MEMORY);
}

bool uring_can_zerocopy(struct uring *u)
{
    struct io_uring_probe *probe = io_uring_get_probe_ring(&u->io);
    bool can = probe && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
    io_uring_free_probe(probe);
    return can;
}

static bool passing(int error)
{
    return error == EAGAIN || error == EINTR || error == EBUSY || error == ETIME;
}

struct io_uring_sqe *uring_request(struct uring *u)
{
    struct io_uring_sqe *sqe;
    for (unsigned tries = 0; !(sqe = io_uring_get_sqe(&u->io)); tries++) {
        int result = io_uring_submit(&u->io);
        if (result >= 0 && u->sqpoll)
            result = io_uring_sqring_wait(&u->io);
        if (result >= 0)
            continue;
        errno = -result;
        if (!passing(-result) || tries >= TRIES_MAX)
            die_errno("cannot submit requests");
        if (!u->sqpoll)
            io_uring_get_events(&u->io);
    }
    return sqe;
}

bool uring_enter(struct uring *u, bool wait)
{
    int result =
        wait ? io_uring_submit_and_wait(&u->io, 1) : io_uring_submit_and_get_events(&u->io);
    if (result < 0 && !passing(-result)) {
        errno = -result;
        die_errno("cannot wait for completions");
    }
    return result >= 0;
}

const uint8_t *uring_keep_copy(struct uring *u, const uint8_t *data, size_t size)
{
    uint8_t *copy = u->arena + u->batch_bytes;
    u->batch_bytes += size;
    return memcpy(copy, data, size);
}

const uint8_t *uring_keep_block(struct uring *u, struct buffer *b)
{
    u->batch_bytes += b->end - b->start;
    b->next = u->blocks;
    u->blocks = b;
    return b->data + b->start;
}

void uring_batch_done(struct uring *u)
{
    for (struct buffer *b; (b = u->blocks);) {
        u->blocks = b->next;
        buffer_give(b);
    }
    u->batch_bytes = 0;
    u->epoch++;
}

void uring_recycle(struct uring *u, uint32_t cqe_flags)
{
    if (!(cqe_flags & IORING_CQE_F_BUFFER))
        return;
    put_buffer(u, cqe_flags >> IORING_CQE_BUFFER_SHIFT, 0);
    io_uring_buf_ring_advance(u->entries, 1);
}
