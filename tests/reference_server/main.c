/* The reference server: an HTTP server whose delays and faults are known by request, so that what
 * a load generator reports can be held against what happened.
 *
 * One thread, one epoll instance and an agenda of what is due. It sleeps until shortly before the
 * next thing is due and spins the rest: waking up takes longer than the delays that it is to keep
 * exactly. Every answer's own delay, from the wait that told of the request to the return of the
 * send that took the answer, is in its journal; so what it did late is known too. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agenda.h"
#include "common/clock.h"
#include "common/err.h"
#include "conn.h"
#include "journal.h"
#include "listener.h"
#include "settings.h"

/* How long before a thing is due the sleep ends. Timers are late by some 50 us on machines that
 * have to be woken from an idle state, virtual ones above all. */
#define SPIN_NS (200 * NS_PER_US)

#define BATCH 256

static int epoll_fd, signal_fd;

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        die_errno("cannot watch descriptor %d", fd);
}

static void set_up(void)
{
    struct rlimit limit;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    /* By default a timer may be 50 us late, to be served together with others (prctl(2)). */
    prctl(PR_SET_TIMERSLACK, 1);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (epoll_fd < 0 || signal_fd < 0)
        die_errno("cannot set up");
    watch(signal_fd);
    watch(STDIN_FILENO);
}

/* SIGUSR1 asks for the journal as it is. True: it was another one, to stop. */
static bool signalled(void)
{
    struct signalfd_siginfo info;

    if (read(signal_fd, &info, sizeof info) != sizeof info || info.ssi_signo != SIGUSR1)
        return true;
    journal_print();
    return false;
}

static void do_what_is_due(void)
{
    while (agenda_next() <= clock_ns()) {
        struct entry e = agenda_take();
        switch (e.deed) {
        case DEED_ANSWER:
            conn_answer(&e);
            break;
        case DEED_PIECE:
            conn_piece(&e);
            break;
        case DEED_LISTEN:
            listener_resume();
            break;
        }
    }
}

static int wait_for_events(struct epoll_event *events)
{
    uint64_t next = agenda_next();
    uint64_t now = clock_ns();
    struct timespec pause = {0};
    int n;

    if (next == CLOCK_NEVER && !settings.spin) {
        n = epoll_pwait2(epoll_fd, events, BATCH, NULL, NULL);
    } else {
        if (!settings.spin && next > now + SPIN_NS)
            pause = ns_timespec(next - now - SPIN_NS);
        n = epoll_pwait2(epoll_fd, events, BATCH, &pause, NULL);
    }
    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for events");
    return n;
}

int main(int argc, char **argv)
{
    struct epoll_event events[BATCH];
    bool stop = false;

    err_set_program(argv[0]);
    settings_parse(argc, argv);
    faults_prepare(settings.body);
    journal_open();
    set_up();
    listener_open(epoll_fd);

    while (!stop) {
        do_what_is_due();
        int n = wait_for_events(events);
        uint64_t now = clock_ns();
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            /* The parent holds the other end of standard input: this ends when it does. */
            if (fd == STDIN_FILENO || (fd == signal_fd && signalled()))
                stop = true;
            else if (fd == signal_fd)
                continue;
            else if (fd == listener_fd())
                listener_accept();
            else
                conn_events(fd, events[i].events, now);
        }
    }
    journal_close();
    return 0;
}
