/* Sending and receiving on loopback connections, by one thread that has both ends. Nobody sleeps in
 * recv and no epoll watches, so no figure has a wake-up in it. Over loopback the sender's call does
 * the work of both ends' TCP (the packet is received within the send, in a soft interrupt), so
 * send_64 is far more than recv_64.
 *
 * send_64, recv_64: 64 connections with one message each, as a server with 64 clients has them: all
 * are sent, then all are received, then the same in the other direction. An acknowledgement rides
 * on the answer.
 * send_recv_64, send_recv_4096: one connection, there and back; half of that.
 * recv_empty: one connection on which nothing came. */
#include <errno.h>
#include <math.h>
#include <sys/socket.h>

#include "bench/machine/pairs.h"
#include "bench/machine/probe.h"
#include "common/clock.h"

enum { PAIRS = 64, SMALL = 64, LARGE = 4096 };

static struct pairs pairs;
static char data[LARGE];

static void *open_sockets(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    return pairs_open(&pairs, PAIRS)
               ? &pairs
               : probe_refused(why, why_size, "cannot open 64 connections");
}

static void close_sockets(void *state)
{
    pairs_close(state);
}

static bool send_all(int fd, size_t size)
{
    return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* What has come may come in pieces. */
static bool receive_all(int fd, size_t size)
{
    while (size > 0) {
        ssize_t n = recv(fd, data, size, 0);
        if (n <= 0)
            return false;
        size -= (size_t)n;
    }
    return true;
}

/* One message on each connection from `end` to the other one. Adds up the time of all sends, and of
 * all receives. */
static bool send_round(const struct pairs *p, int end, uint64_t spent[2])
{
    uint64_t begin = clock_ns();
    for (size_t i = 0; i < p->count; i++)
        if (!send_all(p->fds[i][end], SMALL))
            return false;
    uint64_t sent = clock_ns();
    for (size_t i = 0; i < p->count; i++)
        if (!receive_all(p->fds[i][!end], SMALL))
            return false;
    spent[0] += sent - begin;
    spent[1] += clock_ns() - sent;
    return true;
}

static double batch_one_way(const struct pairs *p, unsigned n, int which)
{
    uint64_t spent[2] = {0, 0};
    for (unsigned i = 0; i < n; i++)
        if (!send_round(p, 0, spent) || !send_round(p, 1, spent))
            return NAN;
    return (double)spent[which] / n / 2 / (double)p->count;
}

static double batch_send(void *state, unsigned n)
{
    return batch_one_way(state, n, 0);
}

static double batch_recv(void *state, unsigned n)
{
    return batch_one_way(state, n, 1);
}

static double batch_rounds(const struct pairs *p, unsigned n, size_t size)
{
    const int *ends = p->fds[0];
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (!send_all(ends[0], size) || !receive_all(ends[1], size) ||
            !send_all(ends[1], size) || !receive_all(ends[0], size))
            return NAN;
    return (double)(clock_ns() - begin) / n / 2;
}

static double batch_small(void *state, unsigned n)
{
    return batch_rounds(state, n, SMALL);
}

static double batch_large(void *state, unsigned n)
{
    return batch_rounds(state, n, LARGE);
}

static double batch_empty(void *state, unsigned n)
{
    const struct pairs *p = state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (recv(p->fds[0][0], data, SMALL, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
            return NAN;
    return (double)(clock_ns() - begin) / n;
}

const struct probe_kind probes_sockets = {
    .open = open_sockets,
    .close = close_sockets,
    .probes = {{UNIT_SEND_64, batch_send},
               {UNIT_RECV_64, batch_recv},
               {UNIT_SEND_RECV_64, batch_small},
               {UNIT_SEND_RECV_4096, batch_large},
               {UNIT_RECV_EMPTY, batch_empty}},
    .count = 5,
};
