#include "bench/machine/clock_call.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NO_STRICT_MODE = 1 };

/* Strict mode allows the bare exit(2), not the exit_group(2) of _exit(). On x86 it also takes away
 * the time stamp counter: who reads it gets SIGSEGV, which says that the kernel was not asked. */
static void read_under_seccomp(void)
{
    struct timespec t;
    struct rlimit none = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &t); /* what the first reading sets up is over */
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer has a handler, which would tell of it */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        syscall(SYS_exit, NO_STRICT_MODE);
    clock_gettime(CLOCK_MONOTONIC, &t);
    syscall(SYS_exit, 0);
}

bool clock_is_system_call(bool guess)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        read_under_seccomp();
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return guess;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL;
    return WEXITSTATUS(status) == NO_STRICT_MODE && guess;
}
