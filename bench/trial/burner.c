#include "bench/trial/burner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

/* Tells by `tell` that it burns: errno, which is 0 then. */
_Noreturn static void burn(int cpu, int policy, pid_t parent, int tell)
{
    struct sched_param none = {0};
    cpu_set_t one;
    int error = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0 ||
        sched_setscheduler(0, policy, &none) != 0)
        error = errno;
    if (write(tell, &error, sizeof error) != sizeof error || error || getppid() != parent)
        _exit(1);
    for (volatile unsigned n = 0;; n++)
        ;
}

static pid_t start_one(int cpu, int policy)
{
    pid_t parent = getpid();
    int told[2];
    int error = 0;

    if (pipe2(told, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        die_errno("cannot fork to burn CPU time");
    if (pid == 0)
        burn(cpu, policy, parent, told[1]);
    close(told[1]);
    if (read(told[0], &error, sizeof error) != sizeof error || error) {
        errno = error;
        die_errno("cannot burn the time of CPU %d", cpu);
    }
    close(told[0]);
    return pid;
}

void burner_start(struct burner *b, const cpu_set_t *cpus, int policy)
{
    *b = (struct burner){.pids = xcalloc((unsigned long)CPU_COUNT(cpus), sizeof *b->pids)};
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET((size_t)cpu, cpus))
            b->pids[b->count++] = start_one(cpu, policy);
    }
}

uint64_t burner_stop(struct burner *b)
{
    uint64_t used = 0;

    for (int i = 0; i < b->count; i++) {
        struct timespec cpu;
        clockid_t clock;
        if (clock_getcpuclockid(b->pids[i], &clock) == 0 && clock_gettime(clock, &cpu) == 0)
            used += timespec_ns(cpu);
        kill(b->pids[i], SIGKILL);
        waitpid(b->pids[i], NULL, 0);
    }
    free(b->pids);
    *b = (struct burner){0};
    return used;
}
