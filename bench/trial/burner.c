#include "bench/trial/burner.h"

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

_Noreturn static void burn(int cpu, int policy, pid_t parent)
{
    struct sched_param none = {0};
    cpu_set_t one;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    if (getppid() != parent || sched_setaffinity(0, sizeof one, &one) != 0 ||
        sched_setscheduler(0, policy, &none) != 0)
        _exit(1);
    for (volatile unsigned n = 0;; n++)
        ;
}

void burner_start(struct burner *b, const cpu_set_t *cpus, int policy)
{
    pid_t parent = getpid();

    *b = (struct burner){.pids = xcalloc((unsigned long)CPU_COUNT(cpus), sizeof *b->pids)};
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, cpus))
            continue;
        pid_t pid = fork();
        if (pid < 0)
            die_errno("cannot fork to burn CPU time");
        if (pid == 0)
            burn(cpu, policy, parent);
        b->pids[b->count++] = pid;
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
