#include "bench/trial/window_load.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "common/clock.h"
#include "common/err.h"

/* What the generator ends with that doubts its own figures: no fault of the process. */
static const int exit_doubts = 3;

void window_load_start(struct window_load *l, const struct window_load_spec *spec)
{
    char connections[16], threads[16], payload[24], timeout[32], settle[32];
    int events[2];
    int commands[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(commands, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    snprintf(connections, sizeof connections, "%u", spec->connections);
    snprintf(threads, sizeof threads, "%u", spec->threads);
    snprintf(payload, sizeof payload, "%llu", (unsigned long long)spec->payload);
    snprintf(timeout, sizeof timeout, "%lluns", (unsigned long long)spec->timeout_ns);
    snprintf(settle, sizeof settle, "%lluns", (unsigned long long)spec->settle_ns);
    char *url = text_format("%s://%s%s", protocol_names[spec->protocol], spec->address,
                            spec->protocol == PROTOCOL_HTTP ? spec->path : "");
    const char *argv[] = {spec->program, "--windows", "-c",        connections,
                          "-t",          threads,     "--payload", payload,
                          "--timeout",   timeout,     "--settle",  settle,
                          "--events-fd", "3",         url,         NULL};
    *l = (struct window_load){.events = events[0], .commands = commands[1]};
    process_start(&l->process, &(struct process_spec){.argv = argv,
                                                      .cpus = spec->cpus,
                                                      .input = commands[0],
                                                      .extra = events[1]});
    free(url);
    close(commands[0]);
    close(events[1]);
}

/* Take the first whole line out of l->line into `line`. */
static bool take_line(struct window_load *l, char *line)
{
    char *end = memchr(l->line, '\n', l->used);
    if (!end)
        return false;
    size_t length = (size_t)(end - l->line);
    memcpy(line, l->line, length);
    line[length] = '\0';
    l->used -= length + 1;
    memmove(l->line, end + 1, l->used);
    return true;
}

static enum load_result failed(const char *who, struct process *p, char *reason,
                               size_t reason_size)
{
    char end[300];
    process_wait(p, clock_after(clock_ns(), NS_PER_S));
    process_end_reason(p, end, sizeof end);
    snprintf(reason, reason_size, "%s during the load: %s", who, end);
    return LOAD_FAILED;
}

/* Wait for the event `name`; `line` becomes what stands behind the name. */
static enum load_result await(struct window_load *l, const char *name, char *line,
                              struct process *server, uint64_t deadline, char *reason,
                              size_t reason_size)
{
    size_t n = strlen(name);
    for (;;) {
        while (take_line(l, line)) {
            if (strncmp(line, name, n) == 0 && line[n] == ' ') {
                memmove(line, line + n + 1, strlen(line + n + 1) + 1);
                return LOAD_OK;
            }
        }
        int fds[] = {l->events, server->pidfd, l->process.pidfd};
        int which = wait_readable(fds, 3, deadline);
        if (which == WAIT_INTERRUPTED)
            return LOAD_INTERRUPTED;
        if (which == WAIT_TIMEOUT) {
            snprintf(reason, reason_size, "load generator did not come to its '%s' in time",
                     name);
            return LOAD_FAILED;
        }
        if (which == 1)
            return failed("server died", server, reason, reason_size);
        ssize_t got =
            which == 0 ? read(l->events, l->line + l->used, sizeof l->line - l->used) : 0;
        if (got <= 0)
            return failed("load generator ended", &l->process, reason, reason_size);
        l->used += (size_t)got;
    }
}

enum load_result window_load_connected(struct window_load *l, struct process *server,
                                       uint64_t deadline, char *reason, size_t reason_size)
{
    char line[sizeof l->line];
    return await(l, "connected", line, server, deadline, reason, reason_size);
}

static bool read_window(const char *text, struct window *out)
{
    json_t *json = json_loads(text, 0, NULL);
    const struct {
        const char *name;
        double *value;
    } fields[] = {{"window_ns", &out->window_ns},
                  {"requests", &out->requests},
                  {"failed", &out->failed},
                  {"active_ns", &out->active_ns},
                  {"active_requests", &out->active_requests},
                  {"cpu_ns", &out->cpu_ns},
                  {"slept_ns", &out->slept_ns},
                  /* Null where nothing was answered: */
                  {"mean_ns", &out->mean_ns},
                  {"p50_ns", &out->p50_ns},
                  {"p90_ns", &out->p90_ns},
                  {"p99_ns", &out->p99_ns},
                  {"max_ns", &out->max_ns}};
    enum { ALWAYS = 7 };
    bool good = json != NULL;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        *fields[i].value = json_number(json, NULL, fields[i].name);
        good = good && (i >= ALWAYS || !isnan(*fields[i].value));
    }
    json_decref(json);
    return good;
}

enum load_result window_load_measure(struct window_load *l, uint64_t duration_ns,
                                     uint64_t deadline, struct process *server,
                                     struct window *out, char *reason, size_t reason_size)
{
    char line[sizeof l->line];
    /* A generator that has ended is told of by await(): SIGPIPE is ignored by who measures. */
    dprintf(l->commands, "window %lluns\n", (unsigned long long)duration_ns);
    enum load_result result = await(l, "window", line, server, deadline, reason, reason_size);
    if (result == LOAD_OK && !read_window(line, out)) {
        snprintf(reason, reason_size, "load generator says of a window: %.100s", line);
        result = LOAD_FAILED;
    }
    return result;
}

bool window_load_finish(struct window_load *l, uint64_t deadline, char *reason,
                        size_t reason_size)
{
    char end[300];
    close(l->commands);
    l->commands = -1;
    if (!process_wait(&l->process, deadline)) {
        snprintf(reason, reason_size, "load generator did not end when it was told to");
        return false;
    }
    const struct process *p = &l->process;
    if (WIFEXITED(p->status) &&
        (WEXITSTATUS(p->status) == 0 || WEXITSTATUS(p->status) == exit_doubts))
        return true;
    process_end_reason(p, end, sizeof end);
    snprintf(reason, reason_size, "load generator ended badly: %s", end);
    return false;
}

void window_load_destroy(struct window_load *l)
{
    if (l->process.pid == 0)
        return;
    if (l->commands >= 0)
        close(l->commands);
    close(l->events);
    process_destroy(&l->process);
}
