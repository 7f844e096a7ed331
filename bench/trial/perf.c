#include "bench/trial/perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/trial/tracepoint.h"

/* What a run has where perf gives no such counter. */
static const char *const without[PERF_COUNTERS] = {
    [PERF_TASK_CLOCK] = "CPU time comes from the clocks of the server's processes",
    [PERF_SWITCHES] = "context switches come from the server's own rusage",
    [PERF_MIGRATIONS] = "no migrations",
    [PERF_FAULTS] = "page faults come from /proc/PID/stat of the server's processes",
    [PERF_SYSCALLS] = "no system calls",
    [PERF_WAKINGS] = "no wake-ups",
};

static const char *const tracepoints[PERF_COUNTERS] = {
    [PERF_SYSCALLS] = "raw_syscalls/sys_enter",
    [PERF_WAKINGS] = "sched/sched_waking",
};

/* sched_waking fires in the context of who wakes, and its `comm` is whom. Perf tells the event to
 * the counters of both: the filter leaves those out in which the counted process is woken itself
 * (perf_tp_event() of the kernel). */
static int only_generator(int fd)
{
    if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_FILTER, "comm == \"" PERF_GENERATOR "\"") == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_counter(enum perf_counter which, pid_t pid, bool at_exec)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_SOFTWARE,
        .disabled = at_exec,
        .inherit = 1,
        .enable_on_exec = at_exec,
    };
    switch (which) {
    case PERF_TASK_CLOCK:
        attr.config = PERF_COUNT_SW_TASK_CLOCK;
        break;
    case PERF_SWITCHES:
        attr.config = PERF_COUNT_SW_CONTEXT_SWITCHES;
        break;
    case PERF_MIGRATIONS:
        attr.config = PERF_COUNT_SW_CPU_MIGRATIONS;
        break;
    case PERF_FAULTS:
        attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
        break;
    default: {
        uint64_t id;
        if (!tracepoint_id(tracepoints[which], &id))
            return -1;
        attr.type = PERF_TYPE_TRACEPOINT;
        attr.config = id;
    }
    }
    int fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return which == PERF_WAKINGS ? only_generator(fd) : fd;
}

static const char *hint_of(enum perf_counter which, int error)
{
    uint64_t id;
    bool tracefs = tracepoints[which] && !tracepoint_id(tracepoints[which], &id);
    bool refused = error == EACCES || error == EPERM;
    if (tracefs)
        return refused ? "; /sys/kernel/tracing can be read by its owner alone"
                       : "; is tracefs mounted on /sys/kernel/tracing?";
    return refused ? "; see /proc/sys/kernel/perf_event_paranoid" : "";
}

void perf_probe(bool available[PERF_COUNTERS], char *reason, size_t reason_size)
{
    char why[128] = "";
    reason[0] = '\0';
    size_t used = 0;
    /* What is missing altogether first. */
    for (int i = PERF_COUNTERS - 1; i >= 0; i--) {
        int fd = open_counter((enum perf_counter)i, 0, true);
        int error = errno;
        available[i] = fd >= 0;
        if (fd >= 0) {
            close(fd);
            continue;
        }
        snprintf(why, sizeof why, "%s%s", strerror(error),
                 hint_of((enum perf_counter)i, error));
        int n =
            snprintf(reason + used, reason_size - used, "%s%s", used ? ", " : "", without[i]);
        used += n > 0 && (size_t)n < reason_size - used ? (size_t)n : 0;
    }
    if (used > 0)
        snprintf(reason + used, reason_size - used, " (%s)", why);
}

void perf_open(struct perf *p, pid_t pid, bool tracing)
{
    for (int i = 0; i < PERF_COUNTERS; i++)
        p->fd[i] =
            !tracepoints[i] || tracing ? open_counter((enum perf_counter)i, pid, true) : -1;
}

int perf_open_wakings(pid_t pid)
{
    return open_counter(PERF_WAKINGS, pid, false);
}

void perf_read(const struct perf *p, struct perf_values *out)
{
    for (int i = 0; i < PERF_COUNTERS; i++)
        out->count[i] = counter_read(p->fd[i]);
}

void perf_none(struct perf *p)
{
    for (int i = 0; i < PERF_COUNTERS; i++)
        p->fd[i] = -1;
}

void perf_close(struct perf *p)
{
    for (int i = 0; i < PERF_COUNTERS; i++) {
        if (p->fd[i] >= 0)
            close(p->fd[i]);
        p->fd[i] = -1;
    }
}
