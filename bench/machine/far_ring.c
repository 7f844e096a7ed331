/* io_uring_send_recv_64_far: 64 connections whose far end is on the other CPU, and a ring as the
 * server io-uring has it: a receive stays armed on each connection and takes a buffer when a
 * message comes, and enters submit 32 answers and take the next 32 messages. The figure is the
 * CPU time of a connection, its share of the enters in it; the far end is awake. */
#include <errno.h>
#include <stdio.h>

#include "bench/machine/far.h"

#ifdef IOM_HAVE_IO_URING

#include <liburing.h>
#include <math.h>
#include <stdlib.h>

#include "common/ring_setup.h"

enum { BUFFERS = 256, BUFFER_SIZE = 2048, GROUP = 0 };

static struct {
    struct far far;
    struct io_uring io;
    struct io_uring_buf_ring *entries; /* NULL: no ring is set up */
    char *buffers;
    char message[FAR_BYTES];
    int taken[FAR_GROUPS]; /* messages, of the current round */
} ring;

static void close_ring(void *state)
{
    (void)state;
    if (ring.entries)
        io_uring_queue_exit(&ring.io);
    free(ring.entries);
    free(ring.buffers);
    far_close(&ring.far);
}

static void give_back(unsigned short id)
{
    io_uring_buf_ring_add(ring.entries, ring.buffers + (size_t)id * BUFFER_SIZE, BUFFER_SIZE,
                          id, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(ring.entries, 1);
}

/* 0, or a negative errno. */
static int add_buffers(void)
{
    void *entries;
    ring.buffers = malloc(BUFFERS * BUFFER_SIZE);
    if (!ring.buffers ||
        posix_memalign(&entries, 4096, BUFFERS * sizeof(struct io_uring_buf)) != 0)
        return -ENOMEM;
    ring.entries = entries;
    struct io_uring_buf_reg reg = {
        .ring_addr = (uintptr_t)entries, .ring_entries = BUFFERS, .bgid = GROUP};
    int result = ring_setup_buffers(&ring.io, &reg);
    io_uring_buf_ring_init(ring.entries);
    for (unsigned short i = 0; result == 0 && i < BUFFERS; i++)
        give_back(i);
    return result;
}

static int set_up(void)
{
    int fds[FAR_PAIRS];
    struct io_uring_params best = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                            IORING_SETUP_DEFER_TASKRUN |
                                            IORING_SETUP_SUBMIT_ALL};
    int result = ring_setup(2 * FAR_PAIRS, &ring.io, &best);
    if (result == -EINVAL) { /* before Linux 6.1 */
        struct io_uring_params plain = {0};
        result = ring_setup(2 * FAR_PAIRS, &ring.io, &plain);
    }
    if (result < 0)
        return result;
    io_uring_register_ring_fd(&ring.io);
    for (size_t i = 0; i < FAR_PAIRS; i++)
        fds[i] = ring.far.pairs.fds[i][0];
    result = io_uring_register_files(&ring.io, fds, FAR_PAIRS);
    if (result == 0)
        result = add_buffers();
    if (result < 0 && !ring.entries)
        io_uring_queue_exit(&ring.io);
    return result;
}

static void arm(int slot)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring.io);
    io_uring_prep_recv_multishot(sqe, slot, NULL, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    sqe->user_data = (unsigned)slot + 1;
}

static bool send_answers(int group)
{
    for (int i = group * FAR_GROUP; i < (group + 1) * FAR_GROUP; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring.io);
        io_uring_prep_send(sqe, i, ring.message, FAR_BYTES, MSG_NOSIGNAL);
        sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
        sqe->user_data = 0;
    }
    int result = io_uring_submit(&ring.io);
    errno = result < 0 ? -result : 0;
    return result >= 0;
}

static bool take(const struct io_uring_cqe *cqe)
{
    if (cqe->user_data == 0 || cqe->res != FAR_BYTES)
        return false; /* a send that failed, or a receive */
    int slot = (int)cqe->user_data - 1;
    give_back((unsigned short)(cqe->flags >> IORING_CQE_BUFFER_SHIFT));
    if (!(cqe->flags & IORING_CQE_F_MORE))
        arm(slot);
    ring.taken[slot / FAR_GROUP]++;
    return true;
}

/* All messages of a group; some of the other group may come with them. */
static bool take_messages(int group)
{
    while (ring.taken[group] < FAR_GROUP) {
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        bool good = true;
        int result =
            io_uring_submit_and_wait(&ring.io, (unsigned)(FAR_GROUP - ring.taken[group]));
        errno = result < 0 ? -result : EIO;
        io_uring_for_each_cqe(&ring.io, head, cqe)
        {
            good &= take(cqe);
            seen++;
        }
        io_uring_cq_advance(&ring.io, seen);
        if (result < 0 || !good)
            return false;
    }
    ring.taken[group] = 0;
    return true;
}

static void *open_ring(const struct probe_site *site, char *why, size_t why_size)
{
    if (!far_open(&ring.far, site, FAR_PAIRS, why, why_size))
        return NULL;
    int result = set_up();
    errno = -result;
    if (result < 0) {
        probe_refused(why, why_size, "cannot set up an io_uring with a ring of buffers");
        close_ring(&ring);
        return NULL;
    }
    for (int i = 0; i < FAR_PAIRS; i++)
        arm(i);
    if (far_begin(&ring.far, 1, false)) {
        bool good = true;
        for (int g = 0; g < FAR_GROUPS; g++) {
            good &= send_answers(g);
            far_post(&ring.far, g);
        }
        if (good && far_end(&ring.far))
            return &ring;
    }
    probe_refused(why, why_size, "cannot receive by an io_uring");
    close_ring(&ring);
    return NULL;
}

/* The messages of a group have come, so no wait sleeps. */
static double batch_ring(void *state, unsigned n)
{
    (void)state;
    double total = 0;
    n = n < FAR_ROUNDS ? FAR_ROUNDS : n;
    if (!far_begin(&ring.far, n + 1, false))
        return NAN;
    for (unsigned i = 0; i < (n + 1) * FAR_GROUPS; i++) {
        int group = (int)i % FAR_GROUPS;
        if (!far_await(&ring.far, group))
            return NAN;
        double begin = far_cpu_ns();
        if (!take_messages(group) || !send_answers(group))
            return NAN;
        total += i >= FAR_GROUPS ? (far_cpu_ns() - begin) / FAR_PAIRS : 0;
        far_post(&ring.far, group);
    }
    return far_end(&ring.far) ? total / n : NAN;
}

const struct probe_kind probes_far_ring = {
    .open = open_ring,
    .close = close_ring,
    .apart = true,
    .probes = {{UNIT_IO_URING_SEND_RECV_64_FAR, batch_ring}},
    .count = 1,
};

#else

static void *open_none(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    snprintf(why, why_size, "this program was built without liburing");
    return NULL;
}

const struct probe_kind probes_far_ring = {
    .open = open_none,
    .probes = {{UNIT_IO_URING_SEND_RECV_64_FAR, NULL}},
    .count = 1,
};

#endif
