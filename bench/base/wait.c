#include "bench/base/wait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/inherit.h"

enum { FDS_MAX = 7 };

static int signal_fd = -1;
static bool interrupted;

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    if (!inherit_ignored(SIGHUP)) /* as nohup(1) has it */
        sigaddset(set, SIGHUP);
}

void wait_hold_signals(void)
{
    sigset_t set;
    stop_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        die_errno("cannot watch for signals");
}

static void note_signals(void)
{
    struct signalfd_siginfo info;
    while (signal_fd >= 0 && read(signal_fd, &info, sizeof info) == sizeof info)
        interrupted = true;
}

void wait_release_signals(void)
{
    sigset_t set;
    note_signals();
    stop_signals(&set);
    if (signal_fd >= 0)
        close(signal_fd);
    signal_fd = -1;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool wait_was_interrupted(void)
{
    note_signals();
    return interrupted;
}

int wait_readable(const int *fds, int count, uint64_t deadline)
{
    struct pollfd polled[FDS_MAX + 1];
    if (count > FDS_MAX)
        die("wait_readable: %d descriptors", count);

    while (!interrupted) {
        for (int i = 0; i < count; i++)
            polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        polled[count] = (struct pollfd){.fd = signal_fd, .events = POLLIN};

        int n = poll(polled, (nfds_t)count + 1, clock_timeout_ms(clock_ns(), deadline));
        if (n < 0 && errno != EINTR)
            die_errno("cannot wait");
        if (n == 0)
            return WAIT_TIMEOUT;
        note_signals();
        for (int i = 0; n > 0 && i < count && !interrupted; i++)
            if (polled[i].revents)
                return i;
    }
    return WAIT_INTERRUPTED;
}
