/* io_uring, set up as the server io-uring does where the kernel can: completions are worked off in
 * the call that waits for them, and sockets are registered.
 *
 * io_uring_enter_1, io_uring_enter_64: an enter that submits that many no-ops, and waits for them
 * and reaps them. The figure is of the enter, not of a no-op.
 * io_uring_send_recv_64: 64 connections; an enter that submits a send of 64 B on each, then an
 * enter that submits a recv at the other end of each. The figure is of a send and a recv, with its
 * share of the two enters. */
#include <errno.h>
#include <stdio.h>

#include "bench/machine/probe.h"

#ifdef IOM_HAVE_IO_URING

#include <liburing.h>
#include <math.h>
#include <string.h>

#include "bench/machine/pairs.h"
#include "common/clock.h"
#include "common/ring_setup.h"

enum { DEPTH = 64, BYTES = 64 };

static struct {
    struct io_uring io;
    struct pairs pairs;
    char data[DEPTH][BYTES];
} ring;

static bool open_ring(void)
{
    struct io_uring_params best = {.flags = IORING_SETUP_SINGLE_ISSUER |
                                            IORING_SETUP_DEFER_TASKRUN |
                                            IORING_SETUP_SUBMIT_ALL};
    int result = ring_setup(DEPTH, &ring.io, &best);
    if (result == -EINVAL) { /* before Linux 6.1 */
        struct io_uring_params plain = {0};
        result = ring_setup(DEPTH, &ring.io, &plain);
    }
    errno = -result;
    return result >= 0;
}

static void close_ring(void *state)
{
    (void)state;
    io_uring_queue_exit(&ring.io);
    pairs_close(&ring.pairs);
}

static void *open_uring(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    if (!open_ring())
        return probe_refused(why, why_size, "cannot set up an io_uring");
    io_uring_register_ring_fd(&ring.io); /* saves a look-up in each call, if it succeeds */
    if (!pairs_open(&ring.pairs, DEPTH)) {
        io_uring_queue_exit(&ring.io);
        return probe_refused(why, why_size, "cannot open 64 connections");
    }
    int result = io_uring_register_files(&ring.io, (const int *)ring.pairs.fds, 2 * DEPTH);
    if (result == 0)
        return &ring;
    errno = -result;
    probe_refused(why, why_size, "cannot register 128 sockets with an io_uring");
    close_ring(&ring);
    return NULL;
}

/* Submit what is queued and wait for all `count` of it. False with errno where one did not do
 * `expected`. */
static bool enter(unsigned count, int expected)
{
    struct io_uring_cqe *cqe;
    unsigned head;
    unsigned seen = 0;
    int result = io_uring_submit_and_wait(&ring.io, count);
    errno = result < 0 ? -result : EIO;
    bool good = result == (int)count;
    io_uring_for_each_cqe(&ring.io, head, cqe)
    {
        good &= cqe->res == expected;
        seen++;
    }
    io_uring_cq_advance(&ring.io, seen);
    return good && seen == count;
}

static double batch_nops(unsigned n, unsigned depth)
{
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < depth; k++)
            io_uring_prep_nop(io_uring_get_sqe(&ring.io));
        if (!enter(depth, 0))
            return NAN;
    }
    return (double)(clock_ns() - begin) / n;
}

static double batch_one(void *state, unsigned n)
{
    (void)state;
    return batch_nops(n, 1);
}

static double batch_many(void *state, unsigned n)
{
    (void)state;
    return batch_nops(n, DEPTH);
}

/* A message on each connection from `end` to the other end. */
static bool exchange(int end)
{
    for (int i = 0; i < DEPTH; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring.io);
        io_uring_prep_send(sqe, 2 * i + end, ring.data[i], BYTES, MSG_NOSIGNAL);
        sqe->flags |= IOSQE_FIXED_FILE;
    }
    if (!enter(DEPTH, BYTES))
        return false;
    for (int i = 0; i < DEPTH; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring.io);
        io_uring_prep_recv(sqe, 2 * i + !end, ring.data[i], BYTES, 0);
        sqe->flags |= IOSQE_FIXED_FILE;
    }
    return enter(DEPTH, BYTES);
}

static double batch_exchange(void *state, unsigned n)
{
    (void)state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (!exchange(0) || !exchange(1))
            return NAN;
    return (double)(clock_ns() - begin) / n / 2 / DEPTH;
}

const struct probe_kind probes_uring = {
    .open = open_uring,
    .close = close_ring,
    .probes = {{UNIT_IO_URING_ENTER_1, batch_one},
               {UNIT_IO_URING_ENTER_64, batch_many},
               {UNIT_IO_URING_SEND_RECV_64, batch_exchange}},
    .count = 3,
};

#else

static void *open_none(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    snprintf(why, why_size, "this program was built without liburing");
    return NULL;
}

const struct probe_kind probes_uring = {
    .open = open_none,
    .probes = {{UNIT_IO_URING_ENTER_1, NULL},
               {UNIT_IO_URING_ENTER_64, NULL},
               {UNIT_IO_URING_SEND_RECV_64, NULL}},
    .count = 3,
};

#endif
