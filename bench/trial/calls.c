#include "bench/trial/calls.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/trial/tracepoint.h"

/* -1 with errno where it cannot be had; ENOENT: this kernel has no such tracepoint. */
static int open_event(const char *event, pid_t pid, bool inherit)
{
    uint64_t id;
    if (!tracepoint_id(event, &id))
        return -1;
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_TRACEPOINT,
        .config = id,
        .disabled = 1,
        .inherit = inherit,
        .enable_on_exec = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int open_call(enum system_call which, pid_t pid, bool inherit)
{
    char event[64];
    snprintf(event, sizeof event, "syscalls/sys_enter_%s", system_call_names[which]);
    return open_event(event, pid, inherit);
}

void calls_open(struct calls *c, pid_t pid)
{
    c->open = true;
    for (int i = 0; i < CALL_COUNT; i++) {
        c->fd[i] = open_call((enum system_call)i, pid, true);
        /* A machine without this call: no server makes it. Any other refusal leaves a hole. */
        if (c->fd[i] < 0)
            c->fd[i] = errno == ENOENT ? -1 : -2;
    }
}

void calls_hold(struct calls *c)
{
    c->open = true;
    for (int i = 0; i < CALL_COUNT; i++)
        c->fd[i] = open_call((enum system_call)i, 0, false);
}

void calls_read(const struct calls *c, struct call_counts *out)
{
    bool any = c->open && c->fd[CALL_RECVFROM] >= 0;
    for (int i = 0; i < CALL_COUNT; i++)
        out->calls[i] = !any || c->fd[i] == -2 ? NAN
                        : c->fd[i] < 0         ? 0
                                               : counter_read(c->fd[i]);
}

void calls_add(const struct call_counts *first, const struct call_counts *last,
               struct call_counts *sum)
{
    for (int i = 0; i < CALL_COUNT; i++)
        sum->calls[i] += last->calls[i] - first->calls[i];
}

void calls_close(struct calls *c)
{
    for (int i = 0; c->open && i < CALL_COUNT; i++)
        if (c->fd[i] >= 0)
            close(c->fd[i]);
    c->open = false;
}
