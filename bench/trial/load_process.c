#include "bench/trial/load_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/trial/load_args.h"
#include "common/clock.h"
#include "common/err.h"

/* The standard output of what starts programs elsewhere becomes the pipe of events. */
static const char redirect[] = "exec \"$@\" >&3 3>&-";

/* The lines of events come before the results, both from the first host's standard output. */
static void add_far(struct load_args *args)
{
    load_args_word(args, "--json=-");
    load_args_word(args, "--events-fd=1");
}

static void add_here(struct load_args *args, const struct load *l)
{
    load_args_word(args, "--json");
    load_args_word(args, l->json);
    load_args_number(args, "--events-fd", PROCESS_EXTRA_FD);
    load_args_word(args, "--hold");
}

static void add_options(struct load_args *args, const struct load_spec *spec)
{
    load_args_number(args, "-c", spec->connections);
    load_args_number(args, "-t", spec->threads);
    load_args_time(args, "-d", spec->duration_ns);
    load_args_time(args, "--warmup", spec->warmup_ns);
    load_args_time(args, "--timeout", spec->timeout_ns);
    load_args_time(args, "--settle", spec->settle_ns);
    load_args_point(args, &spec->load);
    if (spec->rate > 0) {
        load_args_number(args, "--rate", spec->rate);
        load_args_word(args, "--arrival=poisson");
    }
    if (spec->may_lose)
        load_args_word(args, "--max-errors=100%");
    for (size_t i = 0; spec->words && spec->words[i]; i++)
        load_args_word(args, spec->words[i]);
}

static void begin(struct load_args *args, const struct load_spec *spec)
{
    if (!spec->launch) {
        load_args_begin(args, spec->program);
        return;
    }
    load_args_begin(args, "sh");
    load_args_word(args, "-c");
    load_args_word(args, redirect);
    load_args_word(args, "sh");
    for (size_t i = 0; spec->launch[i]; i++)
        load_args_word(args, spec->launch[i]);
    load_args_word(args, spec->program);
}

void load_start(struct load *l, const struct load_spec *spec)
{
    struct load_args args;
    int events[2];
    int hold[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(hold, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    *l = (struct load){.events.fd = events[0], .hold = hold[1], .far = spec->launch != NULL};
    l->json = text_format("%s/.load.json", spec->dir);
    unlink(l->json);
    begin(&args, spec);
    add_options(&args, spec);
    if (l->far)
        add_far(&args);
    else
        add_here(&args, l);
    load_args_url(&args, spec->protocol, spec->address, &spec->load);
    process_start(&l->process, &(struct process_spec){.argv = args.argv,
                                                      .cpus = spec->cpus,
                                                      .input = hold[0],
                                                      .netns = spec->netns,
                                                      .whole = l->far,
                                                      .extra = events[1]});
    load_args_free(&args);
    close(hold[0]);
    close(events[1]);
}

/* mpirun says much of its own where a run fails. The line of the load generator is among it. */
static void find_own_line(const struct load *l, char *reason, size_t reason_size)
{
    static const char name[] = "iomodels-load-mpi";
    char *text = process_errors(&l->process);

    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (strncmp(line, name, sizeof name - 1) == 0) {
            snprintf(reason, reason_size, "load generator ended: %s", line);
            break;
        }
    free(text);
}

enum load_result load_wait(struct load *l, const char *name, struct process *server,
                           uint64_t deadline, char *reason, size_t reason_size)
{
    enum load_result result = load_events_wait(&l->events, name, NULL, &l->process, server,
                                               deadline, reason, reason_size);
    if (result == LOAD_FAILED && l->far)
        find_own_line(l, reason, reason_size);
    return result;
}

/* Who writes waits until it is read: so first all, then the end. */
static json_t *far_results(struct load *l, uint64_t deadline, char *reason, size_t reason_size)
{
    size_t room = 1 << 16, used = l->events.used;
    char *text = xmalloc(room);
    json_t *results = NULL;
    ssize_t n = 1;

    memcpy(text, l->events.line, used);
    while (n > 0 && wait_readable(&l->events.fd, 1, deadline) == 0) {
        if (used + 1 == room)
            text = xrealloc(text, room *= 2);
        n = read(l->events.fd, text + used, room - used - 1);
        used += n > 0 ? (size_t)n : 0;
    }
    text[used] = '\0';
    bool ended = load_end(&l->process, &l->hold, deadline, reason, reason_size);
    for (char *rest = text, *line; ended && !results && (line = strsep(&rest, "\n"));)
        results = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;
    if (ended && !results) {
        char end[200];
        process_end_reason(&l->process, end, sizeof end);
        snprintf(reason, reason_size, "load generators left no results (%s)", end);
        find_own_line(l, reason, reason_size);
    }
    free(text);
    return results;
}

json_t *load_finish(struct load *l, uint64_t deadline, char *reason, size_t reason_size)
{
    return l->far ? far_results(l, deadline, reason, reason_size)
                  : load_results(&l->process, &l->hold, l->json, deadline, reason, reason_size);
}

void load_destroy(struct load *l)
{
    if (l->hold >= 0)
        close(l->hold);
    close(l->events.fd);
    process_destroy(&l->process);
    unlink(l->json);
    free(l->json);
}
