#include "common/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/err.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2) /* linux/close_range.h, Linux 5.11 */
#endif

static void open_standard(int fd, int flags)
{
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
        return;
    if (open("/dev/null", flags) != fd)
        die_errno("cannot open /dev/null in place of descriptor %d, which is closed", fd);
}

/* Timers survive execve(2), and so does a blocked signal of a timer. Ignoring the signal for a
 * moment drops it. */
static void stop_timers(void)
{
    static const struct itimerval never;
    static const int signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
    setitimer(ITIMER_REAL, &never, NULL);
    setitimer(ITIMER_VIRTUAL, &never, NULL);
    setitimer(ITIMER_PROF, &never, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        signal(signals[i], SIG_IGN);
        signal(signals[i], SIG_DFL);
    }
}

void inherit_clean(enum inherit_output closed)
{
    open_standard(STDIN_FILENO, O_RDWR);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        open_standard(fd, closed == INHERIT_FAILS ? O_RDONLY : O_RDWR);
    stop_timers();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
}

bool inherit_ignored(int signal_number)
{
    struct sigaction now;
    return sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void hide(int first)
{
    if (syscall(SYS_close_range, (unsigned)first, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit limit;
    int end = 1 << 20; /* older kernels: some fcntl() that fail do no harm */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)end)
        end = (int)limit.rlim_cur;
    for (int fd = first; fd < end; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void inherit_pass_nothing(int first)
{
    hide(first);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL); /* refused for SIGKILL, SIGSTOP and the two of the C library */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
