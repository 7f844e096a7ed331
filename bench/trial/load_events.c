#include "bench/trial/load_events.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/wait.h"
#include "common/clock.h"

/* Take the first whole line out of e->line into `line`. */
static bool take_line(struct load_events *e, char *line)
{
    char *end = memchr(e->line, '\n', e->used);
    if (!end)
        return false;
    size_t length = (size_t)(end - e->line);
    memcpy(line, e->line, length);
    line[length] = '\0';
    e->used -= length + 1;
    memmove(e->line, end + 1, e->used);
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

enum load_result load_events_wait(struct load_events *e, const char *name, char *rest,
                                  struct process *generator, struct process *server,
                                  uint64_t deadline, char *reason, size_t reason_size)
{
    size_t n = strlen(name);
    char line[LOAD_EVENT_MAX];
    for (;;) {
        while (take_line(e, line)) {
            if (strncmp(line, name, n) != 0 || (line[n] != ' ' && line[n] != '\0'))
                continue;
            if (rest)
                strcpy(rest, line + n + (line[n] == ' '));
            return LOAD_OK;
        }
        int fds[] = {e->fd, server->pidfd, generator->pidfd};
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
        ssize_t got = which == 0 ? read(e->fd, e->line + e->used, sizeof e->line - e->used) : 0;
        if (got <= 0)
            return failed("load generator ended", generator, reason, reason_size);
        e->used += (size_t)got;
    }
}

bool load_end(struct process *generator, int *input, uint64_t deadline, char *reason,
              size_t reason_size)
{
    close(*input);
    *input = -1;
    bool ended = process_wait(generator, deadline);
    if (!ended)
        snprintf(reason, reason_size, "load generator did not end when it was told to");
    return ended;
}

json_t *load_results(struct process *generator, int *input, const char *json, uint64_t deadline,
                     char *reason, size_t reason_size)
{
    if (!load_end(generator, input, deadline, reason, reason_size))
        return NULL;
    json_t *results = json_load_file(json, 0, NULL);
    if (!results) {
        char end[200];
        process_end_reason(generator, end, sizeof end);
        snprintf(reason, reason_size, "load generator left no results (%s)", end);
    }
    return results;
}
