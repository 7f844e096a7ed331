#include "server_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/text.h"
#include "bench/wait.h"
#include "common/clock.h"
#include "common/err.h"

static const uint64_t ready_limit = 10 * NS_PER_S;
/* A server may take its --drain (5 s by default) for what is in flight. */
static const uint64_t stop_limit = 8 * NS_PER_S;

/* Read the line with the address. Returns false at end of file: the server closed it unsaid. */
static bool read_address(int fd, struct server *s, bool *complete)
{
    size_t used = strlen(s->address);
    ssize_t n = read(fd, s->address + used, sizeof s->address - 1 - used);
    if (n <= 0)
        return false;
    s->address[used + (size_t)n] = '\0';
    char *end = strchr(s->address, '\n');
    *complete = end != NULL;
    if (end)
        *end = '\0';
    return true;
}

static enum server_result wait_ready(struct server *s, int ready, char *reason,
                                     size_t reason_size)
{
    uint64_t deadline = clock_after(clock_ns(), ready_limit);
    bool complete = false;
    char end[300];

    while (!complete) {
        int fds[] = {ready, s->process.pidfd};
        int which = wait_readable(fds, 2, deadline);
        if (which == WAIT_INTERRUPTED)
            return SERVER_INTERRUPTED;
        if (which == WAIT_TIMEOUT) {
            snprintf(reason, reason_size, "server was not ready within %d s",
                     (int)(ready_limit / NS_PER_S));
            return SERVER_FAILED;
        }
        if (which == 0 && read_address(ready, s, &complete))
            continue;
        /* It closed the descriptor without a word, or ended: give it a moment to end, so that
         * the reason can be told. */
        if (process_wait(&s->process, clock_after(clock_ns(), NS_PER_S))) {
            process_end_reason(&s->process, end, sizeof end);
            snprintf(reason, reason_size, "server died before it was ready: %s", end);
        } else {
            snprintf(reason, reason_size,
                     "server closed its ready descriptor without an address");
        }
        return SERVER_FAILED;
    }
    return SERVER_OK;
}

enum server_result server_start(struct server *s, const char *path, const char *protocol,
                                const cpu_set_t *cpus, bool count_syscalls, char *reason,
                                size_t reason_size)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");

    /* Its extra descriptor is PROCESS_EXTRA_FD, 3. */
    const char *argv[] = {path,     "--listen",   "127.0.0.1:0", "--protocol",
                          protocol, "--ready-fd", "3",           NULL};
    *s = (struct server){0};
    process_start(
        &s->process,
        &(struct process_spec){
            .argv = argv, .cpus = cpus, .input = -1, .extra = ready[1], .gated = true});
    close(ready[1]);
    perf_open(&s->perf, s->process.pid, count_syscalls);
    process_release(&s->process);
    enum server_result result = wait_ready(s, ready[0], reason, reason_size);
    close(ready[0]);
    return result;
}

/* The last line of `text` that is a JSON object. */
static json_t *last_object(char *text)
{
    json_t *found = NULL;
    char *line;
    while ((line = strsep(&text, "\n"))) {
        if (line[0] != '{')
            continue;
        json_t *json = json_loads(line, 0, NULL);
        if (json) {
            json_decref(found);
            found = json;
        }
    }
    return found;
}

bool server_stop(struct server *s, json_t **counters, char *reason, size_t reason_size)
{
    char end[300];
    struct process *p = &s->process;
    bool early = p->ended || process_wait(p, clock_ns());
    if (!early)
        kill(p->pid, SIGTERM);
    bool ended = process_wait(p, clock_after(clock_ns(), stop_limit));

    char *text = process_output(p);
    *counters = last_object(text);
    free(text);

    if (!ended) {
        snprintf(reason, reason_size,
                 "server did not end within %d s of SIGTERM and was killed",
                 (int)(stop_limit / NS_PER_S));
        return false;
    }
    if (early || p->status != 0) {
        process_end_reason(p, end, sizeof end);
        snprintf(reason, reason_size, "server %s: %s", early ? "died" : "ended badly", end);
        return false;
    }
    return true;
}

void server_destroy(struct server *s)
{
    if (s->process.pid > 0)
        perf_close(&s->perf);
    process_destroy(&s->process);
}
