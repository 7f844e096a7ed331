/* The calls of a server on 64 connections whose far end is on the other CPU, as CPU time of one
 * connection. sockets.c has the same calls with both ends on one CPU: there all that a connection
 * is made of lies in one cache, and a server has it not so.
 *
 * recv_64_far: 64 connections have a message each; recv of each. send_64_far: then a send on
 * each; the far end is awake, so nobody is woken.
 * epoll_recv_64_far, poll_recv_64_far, select_recv_64_far: a wait that names half of the 64 first,
 * then the recv of each. Less recv_64_far, that is what such a wait costs for a connection that
 * it names. */
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
    int epoll[FAR_GROUPS];
    struct pollfd polled[FAR_PAIRS];
    fd_set set[FAR_GROUPS];
    int highest;
} here;

static int fd_of(size_t i)
{
    return here.far.pairs.fds[i][0];
}

static void close_far(void *state)
{
    (void)state;
    for (int g = 0; g < FAR_GROUPS; g++)
        if (here.epoll[g] >= 0)
            close(here.epoll[g]);
    far_close(&here.far);
}

static bool watch(int group)
{
    FD_ZERO(&here.set[group]);
    for (size_t i = (size_t)group * FAR_GROUP; i < (size_t)(group + 1) * FAR_GROUP; i++) {
        int fd = fd_of(i);
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(here.epoll[group], EPOLL_CTL_ADD, fd, &event) != 0)
            return false;
        here.polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        here.highest = fd > here.highest ? fd : here.highest;
        if (fd < FD_SETSIZE)
            FD_SET(fd, &here.set[group]);
    }
    return true;
}

static bool recv_all(int group)
{
    char message[FAR_BYTES];
    for (size_t i = 0; i < FAR_GROUP; i++)
        if (recv(fd_of((size_t)group * FAR_GROUP + i), message, sizeof message, 0) !=
            sizeof message)
            return false;
    return true;
}

static bool send_all(int group)
{
    static const char message[FAR_BYTES];
    for (size_t i = 0; i < FAR_GROUP; i++)
        if (send(fd_of((size_t)group * FAR_GROUP + i), message, sizeof message, MSG_NOSIGNAL) !=
            sizeof message)
            return false;
    return true;
}

static bool post_all(void)
{
    bool good = far_begin(&here.far, 1, false);
    for (int g = 0; good && g < FAR_GROUPS; g++) {
        good = send_all(g);
        far_post(&here.far, g);
    }
    return good && far_end(&here.far);
}

static void *open_far(const struct probe_site *site, char *why, size_t why_size)
{
    bool good = true;
    for (int g = 0; g < FAR_GROUPS; g++)
        good &= (here.epoll[g] = epoll_create1(EPOLL_CLOEXEC)) >= 0;
    if (!far_open(&here.far, site, FAR_PAIRS, why, why_size))
        return NULL;
    for (int g = 0; good && g < FAR_GROUPS; g++)
        good = watch(g);
    /* At rest every connection has a message. */
    if (good && post_all())
        return &here;
    probe_refused(why, why_size, "cannot watch 64 connections");
    close_far(&here);
    return NULL;
}

static bool wait_all(enum wait how, int group)
{
    struct epoll_event events[FAR_GROUP];
    fd_set set = here.set[group];
    switch (how) {
    case BY_EPOLL:
        return epoll_wait(here.epoll[group], events, FAR_GROUP, -1) == FAR_GROUP;
    case BY_POLL:
        return poll(here.polled + group * FAR_GROUP, FAR_GROUP, -1) == FAR_GROUP;
    case BY_SELECT:
        errno = EMFILE; /* lower descriptors are taken */
        return here.highest < FD_SETSIZE &&
               select(here.highest + 1, &set, NULL, NULL, NULL) == FAR_GROUP;
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
    for (unsigned i = 0; i < (n + 1) * FAR_GROUPS; i++) {
        int group = (int)i % FAR_GROUPS;
        if (!far_await(&here.far, group))
            return false;
        double begin = far_cpu_ns();
        if (!wait_all(how, group) || !recv_all(group))
            return false;
        double between = far_cpu_ns();
        if (!send_all(group))
            return false;
        double end = far_cpu_ns();
        far_post(&here.far, group);
        *receiving += i >= FAR_GROUPS ? (between - begin) / FAR_PAIRS / n : 0;
        *sending += i >= FAR_GROUPS ? (end - between) / FAR_PAIRS / n : 0;
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
