/* The ring: how it is opened, how requests go in, and the buffers. Knows no connection. */
#include "servers/models/io_uring/uring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common/err.h"
#include "common/ring_setup.h"
#include "servers/app/count.h"

/* Requests of a batch with a thousand connections; completions are four times as many. A full queue
 * is submitted early; completions beyond the other queue the kernel keeps (IORING_FEAT_NODROP). */
#define SUBMISSIONS 1024u

#define SLOTS_MAX      65536u /* each takes 8 bytes of the kernel's memory */
#define SLOTS_SPARE    64    /* beyond the most connections, for those that are to be refused */
#define BUFFERS        1024u /* as many as may have data at one time, to receive them at once */
#define SQPOLL_IDLE_MS 100   /* so long the kernel thread looks for requests before it sleeps */

/* The ring of buffers and the buffers. */
#define MEMORY (BUFFERS * sizeof(struct io_uring_buf) + BUFFERS * URING_BUFFER_SIZE)

static bool fail(char *why, size_t size, const char *what, int error)
{
    snprintf(why, size, "%s: %s", what, strerror(error));
    return false;
}

static const char *refusal(int error)
{
    return error == ENOSYS   ? "this kernel has no io_uring"
           : error == EINVAL ? "io_uring of this kernel is too old (Linux 6.1 is needed)"
           : error == ENOMEM ? "no memory for an io_uring, which counts against ulimit -l"
           : error == EPERM || error == EACCES
               ? "io_uring is not allowed here (sysctl kernel.io_uring_disabled, or the seccomp "
                 "filter of a container)"
               : "cannot set up an io_uring";
}

static void provide(struct uring *u, unsigned i)
{
    io_uring_buf_ring_add(u->entries, u->buffers + i * URING_BUFFER_SIZE, URING_BUFFER_SIZE,
                          (unsigned short)i, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(u->entries, 1);
}

static void must(int result, const char *what)
{
    errno = -result;
    if (result < 0)
        die_errno("cannot %s", what);
}

static void provide_buffers(struct uring *u)
{
    /* The kernel takes the buffers in turn, so all of this is in use soon: no page of it is to be
     * fetched by a request. */
    void *pages = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (pages == MAP_FAILED)
        die_errno("cannot provide buffers");
    u->entries = pages;
    u->buffers = (uint8_t *)pages + BUFFERS * sizeof(struct io_uring_buf);
    struct io_uring_buf_reg reg = {.ring_addr = (uint64_t)(uintptr_t)u->entries,
                                   .ring_entries = BUFFERS};
    must(ring_setup_buffers(&u->io, &reg), "register a ring of buffers");
    io_uring_buf_ring_init(u->entries);
    for (unsigned i = 0; i < BUFFERS; i++)
        provide(u, i);
}

static size_t table_size(size_t max_connections)
{
    struct rlimit limit;
    size_t size = max_connections ? max_connections + SLOTS_SPARE : SLOTS_MAX;
    /* The kernel allows a table as large as that of descriptors, although these are none. */
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < size ? limit.rlim_cur
                                                                          : size;
}

/* DEFER_TASKRUN: completions are worked off in the call that waits for them. */
static bool init(struct io_uring *io, bool sqpoll, unsigned entries, char *why, size_t size)
{
    struct io_uring_params p = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                 (sqpoll ? IORING_SETUP_SQPOLL : IORING_SETUP_DEFER_TASKRUN),
        .cq_entries = 4 * entries,
        .sq_thread_idle = SQPOLL_IDLE_MS,
    };
    int result = ring_setup(entries, io, &p);
    return result >= 0 || fail(why, size, refusal(-result), -result);
}

bool uring_is_allowed(bool sqpoll, bool zerocopy, char *why, size_t size)
{
    struct io_uring io;
    if (!init(&io, sqpoll, 1, why, size))
        return false;
    struct io_uring_probe *probe = io_uring_get_probe_ring(&io);
    bool can = !zerocopy || (probe && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC));
    io_uring_free_probe(probe);
    io_uring_queue_exit(&io);
    return can ||
           fail(why, size, "--zerocopy: this kernel cannot send without copying", EOPNOTSUPP);
}

void uring_open(struct uring *u, size_t max_connections)
{
    char why[200];
    if (!init(&u->io, u->sqpoll, SUBMISSIONS, why, sizeof why))
        die("%s", why);
    io_uring_register_ring_fd(&u->io); /* saves a look-up in each call, if it succeeds */
    u->slots = table_size(max_connections);
    must(io_uring_register_files_sparse(&u->io, (unsigned)u->slots),
         "register a table of sockets");
    provide_buffers(u);
}

void uring_close(struct uring *u)
{
    io_uring_queue_exit(&u->io);
    munmap(u->entries, MEMORY);
}

/* What keeps the kernel from taking requests passes; if not so many times over, it is the end. */
#define TRIES_MAX 1000

static void check(int result, unsigned tries)
{
    errno = -result;
    bool passes = result == -EAGAIN || result == -EINTR || result == -EBUSY || result == -ETIME;
    if (result < 0 && (!passes || tries >= TRIES_MAX))
        die_errno("cannot submit requests");
}

struct io_uring_sqe *uring_request(struct uring *u)
{
    struct io_uring_sqe *sqe;
    for (unsigned tries = 0; !(sqe = io_uring_get_sqe(&u->io)); tries++) {
        int result = io_uring_submit(&u->io);
        if (result >= 0 && u->sqpoll)
            result = io_uring_sqring_wait(&u->io);
        check(result, tries);
        if (result < 0 && !u->sqpoll)
            io_uring_get_events(&u->io);
    }
    return sqe;
}

void uring_forget(struct io_uring_sqe *sqe)
{
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = URING_OTHER;
}

void uring_enter(struct uring *u, bool wait, int timeout_ms)
{
    struct __kernel_timespec t = {.tv_sec = timeout_ms / 1000,
                                  .tv_nsec = timeout_ms % 1000 * 1000000};
    struct io_uring_cqe *cqe;
    int result = wait ? io_uring_submit_and_wait_timeout(&u->io, &cqe, 1,
                                                         timeout_ms < 0 ? NULL : &t, NULL)
                      : io_uring_submit_and_get_events(&u->io);
    check(result, 0);
    count(&u->reactor.counters->extra[URING_ENTERS], 1);
    u->slots_used -= u->slots_closing;
    u->slots_closing = 0;
}

void uring_recycle(struct uring *u, const struct io_uring_cqe *cqe)
{
    if (cqe->flags & IORING_CQE_F_BUFFER)
        provide(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}
