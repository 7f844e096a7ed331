#include "inherited.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "err.h"

/* open(2) gives the lowest number that is free. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            die_errno("cannot open /dev/null for descriptor %d, which is closed", fd);
}

void inherited_reset(void)
{
    open_standard_descriptors();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}
