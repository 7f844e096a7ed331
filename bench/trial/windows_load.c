#include "bench/trial/windows_load.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/wait.h"
#include "common/clock.h"
#include "common/err.h"

/* How long connecting, and the answers after a window, may take. */
#define LIMIT_NS (70 * NS_PER_S)

void windows_load_start(struct windows_load *l, const struct windows_load_spec *spec)
{
    char connections[16], threads[16];
    int events[2];
    int commands[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(commands, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    snprintf(connections, sizeof connections, "%u", spec->connections);
    snprintf(threads, sizeof threads, "%u", spec->threads);
    *l = (struct windows_load){.events = events[0], .commands = commands[1]};
    const char *argv[] = {spec->program, "--windows", "--events-fd",
                          "3",           "-c",        connections,
                          "-t",          threads,     "--settle",
                          "60s",         spec->url,   spec->spin ? "--spin" : NULL,
                          NULL};
    process_start(&l->process, &(struct process_spec){.argv = argv,
                                                      .cpus = spec->cpus,
                                                      .input = commands[0],
                                                      .extra = events[1],
                                                      .gated = true});
    perf_open(&l->perf, l->process.pid, false);
    process_release(&l->process);
    close(commands[0]);
    close(events[1]);
}

/* The next line without its break in l->line, from `l->line` on; returns its length, 0 where there
 * is none yet. */
static size_t whole_line(const struct windows_load *l)
{
    const char *end = memchr(l->line, '\n', l->used);
    return end ? (size_t)(end - l->line) : 0;
}

static void drop_line(struct windows_load *l, size_t length)
{
    l->used -= length + 1;
    memmove(l->line, l->line + length + 1, l->used);
}

static bool read_more(struct windows_load *l, const struct process *server, uint64_t deadline,
                      char *reason, size_t reason_size)
{
    int fds[] = {l->events, server->pidfd};
    int which = wait_readable(fds, 2, deadline);
    ssize_t n = which == 0 ? read(l->events, l->line + l->used, sizeof l->line - l->used) : 0;

    if (n > 0) {
        l->used += (size_t)n;
        return true;
    }
    char end[300] = "";
    if (which == 0) {
        process_wait(&l->process, clock_after(clock_ns(), NS_PER_S));
        process_end_reason(&l->process, end, sizeof end);
    }
    snprintf(reason, reason_size, "%s%s",
             which == WAIT_INTERRUPTED ? "interrupted"
             : which == WAIT_TIMEOUT   ? "the load generator did not answer in time"
             : which == 1              ? "the server died during the load"
                                       : "the load generator ended: ",
             end);
    return false;
}

/* Wait for the line that begins with `word`; its length is in `*length`. */
static bool await(struct windows_load *l, const char *word, const struct process *server,
                  uint64_t limit_ns, size_t *length, char *reason, size_t reason_size)
{
    uint64_t deadline = clock_after(clock_ns(), limit_ns);
    size_t n = strlen(word);

    for (;;) {
        *length = whole_line(l);
        if (*length >= n && memcmp(l->line, word, n) == 0)
            return true;
        if (*length > 0)
            drop_line(l, *length);
        else if (!read_more(l, server, deadline, reason, reason_size))
            return false;
    }
}

bool windows_load_ready(struct windows_load *l, const struct process *server, char *reason,
                        size_t reason_size)
{
    size_t length;
    if (!await(l, "connected ", server, LIMIT_NS, &length, reason, reason_size))
        return false;
    drop_line(l, length);
    return true;
}

json_t *windows_load_window(struct windows_load *l, const struct process *server,
                            uint64_t duration_ns, char *reason, size_t reason_size)
{
    static const char word[] = "window ";
    size_t length;
    json_error_t error;

    if (dprintf(l->commands, "window %lluns\n", (unsigned long long)duration_ns) < 0) {
        snprintf(reason, reason_size, "the load generator takes no more commands");
        return NULL;
    }
    if (!await(l, word, server, duration_ns + LIMIT_NS, &length, reason, reason_size))
        return NULL;
    size_t skip = sizeof word - 1;
    json_t *told = json_loadb(l->line + skip, length - skip, 0, &error);
    drop_line(l, length);
    if (!told)
        snprintf(reason, reason_size,
                 "the load generator tells of its window in other words: %s", error.text);
    return told;
}

void windows_load_end(struct windows_load *l)
{
    close(l->commands);
    process_wait(&l->process, clock_after(clock_ns(), 10 * NS_PER_S));
    close(l->events);
    perf_close(&l->perf);
    process_destroy(&l->process);
}
