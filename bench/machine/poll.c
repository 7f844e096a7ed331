/* Waiting for readiness.
 *
 * epoll_wait_ready: 64 connections are watched, level-triggered; data waits on one of them.
 * epoll_ctl: EPOLL_CTL_MOD of a connection, in turn with EPOLLRDHUP and without.
 * poll_idle_1000, select_idle_1000: a call that looks at 1,000 idle connections (the two ends of
 * 500) and finds nothing. Its timeout is 0, so it does not sleep. select(2) is given the table of
 * descriptors anew in each call, as a server must give it. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/machine/pairs.h"
#include "bench/machine/probe.h"
#include "common/clock.h"

enum { WATCHED = 64, IDLE = 1000 };

static struct {
    struct pairs pairs;
    int epoll;
} watched;

static void close_epoll(void *state)
{
    (void)state;
    if (watched.epoll >= 0)
        close(watched.epoll);
    pairs_close(&watched.pairs);
}

static bool watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(watched.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void *open_epoll(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    if (!pairs_open(&watched.pairs, WATCHED))
        return probe_refused(why, why_size, "cannot open 64 connections");
    int(*fds)[2] = watched.pairs.fds;
    watched.epoll = epoll_create1(EPOLL_CLOEXEC);
    bool good = watched.epoll >= 0 && send(fds[0][1], "", 1, MSG_NOSIGNAL) == 1;
    for (size_t i = 0; good && i < watched.pairs.count; i++)
        good = watch(fds[i][0]);
    if (good)
        return &watched;
    probe_refused(why, why_size, "cannot watch 64 connections");
    close_epoll(&watched);
    return NULL;
}

static double batch_wait(void *state, unsigned n)
{
    (void)state;
    struct epoll_event events[WATCHED];
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (epoll_wait(watched.epoll, events, WATCHED, -1) != 1)
            return NAN;
    return (double)(clock_ns() - begin) / n;
}

static double batch_ctl(void *state, unsigned n)
{
    (void)state;
    struct epoll_event event = {0};
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        event.events = i % 2 ? EPOLLIN : EPOLLIN | EPOLLRDHUP;
        if (epoll_ctl(watched.epoll, EPOLL_CTL_MOD, watched.pairs.fds[1][0], &event) != 0)
            return NAN;
    }
    return (double)(clock_ns() - begin) / n;
}

const struct probe_kind probes_epoll = {
    .open = open_epoll,
    .close = close_epoll,
    .probes = {{UNIT_EPOLL_WAIT_READY, batch_wait}, {UNIT_EPOLL_CTL, batch_ctl}},
    .count = 2,
};

static struct {
    struct pairs pairs;
    struct pollfd polled[IDLE];
    fd_set set;
    int highest;
} idle;

static void *open_idle(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    if (!pairs_open(&idle.pairs, IDLE / 2))
        return probe_refused(why, why_size, "cannot open 1,000 descriptors");
    idle.highest = 0;
    FD_ZERO(&idle.set);
    for (size_t i = 0; i < IDLE; i++) {
        int fd = idle.pairs.fds[i / 2][i % 2];
        idle.polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        idle.highest = fd > idle.highest ? fd : idle.highest;
        if (fd < FD_SETSIZE)
            FD_SET(fd, &idle.set);
    }
    return &idle;
}

static void close_idle(void *state)
{
    (void)state;
    pairs_close(&idle.pairs);
}

static double batch_poll(void *state, unsigned n)
{
    (void)state;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (poll(idle.polled, IDLE, 0) != 0)
            return NAN;
    return (double)(clock_ns() - begin) / n;
}

static double batch_select(void *state, unsigned n)
{
    (void)state;
    if (idle.highest >= FD_SETSIZE) {
        errno = EMFILE; /* lower descriptors are taken */
        return NAN;
    }
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        fd_set set = idle.set;
        struct timeval none = {0, 0};
        if (select(idle.highest + 1, &set, NULL, NULL, &none) != 0)
            return NAN;
    }
    return (double)(clock_ns() - begin) / n;
}

const struct probe_kind probes_idle = {
    .open = open_idle,
    .close = close_idle,
    .probes = {{UNIT_POLL_IDLE_1000, batch_poll}, {UNIT_SELECT_IDLE_1000, batch_select}},
    .count = 2,
};
