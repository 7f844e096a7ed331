/* The calls of a server on 64 connections whose far end is on the other CPU, as CPU time of one
 * connection. sockets.c has the same calls with both ends on one CPU: there all that a connection is
 * made of lies in one cache, and a server has it not so.
 *
 * recv_64_far: 64 connections have a message each; recv of each. send_64_far: then a send on each; the
 * far end is awake, so nobody is woken.
 * epoll_recv_64_far, poll_recv_64_far, select_recv_64_far: a wait that names all 64 first, then the
 * recv of each. Less recv_64_far, that is what such a wait costs for a connection that it names. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/machine/far.h"

enum wait { NO_WAIT, BY_EPOLL, BY_POLL, BY_SELECT };

static struct {
    struct far far;
    int epoll;
    struct pollfd polled[FAR_PAIRS];
    fd_set set;
    int highest;
} here;

static int fd_of(size_t i)
{
    return here.far.pairs.fds[i][0];
}

static void close_far(void *state)
{
    (void)state;
    if (here.epoll >= 0)
        close(here.epoll);
    far_close(&here.far);
}

static bool watch(void)
{
    FD_ZERO(&here.set);
    here.highest = 0;
    for (size_t i = 0; i < FAR_PAIRS; i++) {
        int fd = fd_of(i);
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(here.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            return false;
        here.polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        here.highest = fd > here.highest ? fd : here.highest;
        if (fd < FD_SETSIZE)
            FD_SET(fd, &here.set);
    }
    return true;
}

static bool recv_all(void)
{
    char message[FAR_BYTES];
    for (size_t i = 0; i < FAR_PAIRS; i++)
        if (recv(fd_of(i), message, sizeof message, 0) != sizeof message)
            return false;
    return true;
}

static bool send_all(void)
{
    static const char message[FAR_BYTES];
    for (size_t i = 0; i < FAR_PAIRS; i++)
        if (send(fd_of(i), message, sizeof message, MSG_NOSIGNAL) != sizeof message)
            return false;
    return true;
}

static void *open_far(const struct probe_site *site, char *why, size_t why_size)
{
    here.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!far_open(&here.far, site, FAR_PAIRS, why, why_size))
        return NULL;
    /* At rest every connection has a message. */
    if (here.epoll >= 0 && watch() && far_begin(&here.far, 1, false) && send_all() &&
        far_round(&here.far) && far_end(&here.far))
        return &here;
    probe_refused(why, why_size, "cannot watch 64 connections");
    close_far(&here);
    return NULL;
}

static bool wait_all(enum wait how)
{
    struct epoll_event events[FAR_PAIRS];
    fd_set set = here.set;
    switch (how) {
    case BY_EPOLL:
        return epoll_wait(here.epoll, events, FAR_PAIRS, -1) == FAR_PAIRS;
    case BY_POLL:
        return poll(here.polled, FAR_PAIRS, -1) == FAR_PAIRS;
    case BY_SELECT:
        errno = EMFILE; /* lower descriptors are taken */
        return here.highest < FD_SETSIZE &&
               select(here.highest + 1, &set, NULL, NULL, NULL) == FAR_PAIRS;
    default:
        return true;
    }
}

/* The first round brings the connections into the cache, and is not in the figures. */
static bool rounds(unsigned n, enum wait how, double *receiving, double *sending)
{
    n = n < FAR_ROUNDS ? FAR_ROUNDS : n;
    if (!far_begin(&here.far, n + 1, false))
        return false;
    *receiving = *sending = 0;
    for (unsigned i = 0; i <= n; i++) {
        double begin = far_cpu_ns();
        if (!wait_all(how) || !recv_all())
            return false;
        double between = far_cpu_ns();
        if (!send_all())
            return false;
        double end = far_cpu_ns();
        *receiving += i > 0 ? (between - begin) / FAR_PAIRS / n : 0;
        *sending += i > 0 ? (end - between) / FAR_PAIRS / n : 0;
        if (!far_round(&here.far))
            return false;
    }
    return far_end(&here.far);
}

static double batch_receiving(unsigned n, enum wait how)
{
    double receiving, sending;
    return rounds(n, how, &receiving, &sending) ? receiving : NAN;
}

static double batch_recv(void *state, unsigned n)
{
    (void)state;
    return batch_receiving(n, NO_WAIT);
}

static double batch_send(void *state, unsigned n)
{
    (void)state;
    double receiving, sending;
    return rounds(n, NO_WAIT, &receiving, &sending) ? sending : NAN;
}

static double batch_epoll(void *state, unsigned n)
{
    (void)state;
    return batch_receiving(n, BY_EPOLL);
}

static double batch_poll(void *state, unsigned n)
{
    (void)state;
    return batch_receiving(n, BY_POLL);
}

static double batch_select(void *state, unsigned n)
{
    (void)state;
    return batch_receiving(n, BY_SELECT);
}

const struct probe_kind probes_far = {
    .open = open_far,
    .close = close_far,
    .apart = true,
    .probes = {{UNIT_RECV_64_FAR, batch_recv},
               {UNIT_SEND_64_FAR, batch_send},
               {UNIT_EPOLL_RECV_64_FAR, batch_epoll},
               {UNIT_POLL_RECV_64_FAR, batch_poll},
               {UNIT_SELECT_RECV_64_FAR, batch_select}},
    .count = 5,
};
