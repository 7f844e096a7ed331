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
#include "bench/trial/load_args.h"
#include "common/clock.h"
#include "common/err.h"

static const uint64_t lead_ns = 3 * NS_PER_MS;
static const uint64_t lead_of_connection_ns = 5 * NS_PER_US;
/* What the generator takes itself where no lead is asked for. */
static const uint64_t usual_lead_ns = 5 * NS_PER_MS;
/* What the generator ends with that doubts its own figures: no fault of the process. */
static const int exit_doubts = 3;
/* And one without a single good answer. Where no window saw a request end, none failed either: the
 * windows were over before the first answer. */
static const int exit_no_answer = 1;

void window_load_start(struct window_load *l, const struct window_load_spec *spec)
{
    struct load_args args;
    int events[2];
    int commands[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(commands, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    load_args_begin(&args, spec->program);
    load_args_word(&args, "--windows");
    load_args_number(&args, "-c", spec->connections);
    load_args_number(&args, "-t", spec->threads);
    load_args_time(&args, "--timeout", spec->timeout_ns);
    load_args_time(&args, "--settle", spec->settle_ns);
    load_args_point(&args, &spec->load);
    load_args_number(&args, "--events-fd", PROCESS_EXTRA_FD);
    if (spec->spin)
        load_args_word(&args, "--spin");
    if (spec->may_lose)
        load_args_word(&args, "--max-errors=100%");
    *l = (struct window_load){.events.fd = events[0], .commands = commands[1]};
    if (spec->dir) {
        l->json = text_format("%s/.load.json", spec->dir);
        unlink(l->json);
        load_args_word(&args, "--json");
        load_args_word(&args, l->json);
    }
    load_args_url(&args, spec->protocol, spec->address, &spec->load);
    process_start(&l->process, &(struct process_spec){.argv = args.argv,
                                                      .cpus = spec->cpus,
                                                      .input = commands[0],
                                                      .netns = spec->netns,
                                                      .extra = events[1],
                                                      .gated = true,
                                                      .stands = spec->stands});
    if (spec->counted)
        perf_open(&l->perf, l->process.pid, false);
    l->counted = spec->counted;
    process_release(&l->process);
    load_args_free(&args);
    close(commands[0]);
    close(events[1]);
}

enum load_result window_load_event(struct window_load *l, const char *name,
                                   struct process *server, uint64_t deadline, char *reason,
                                   size_t reason_size)
{
    return load_events_wait(&l->events, name, NULL, &l->process, server, deadline, reason,
                            reason_size);
}

enum load_result window_load_connected(struct window_load *l, struct process *server,
                                       uint64_t deadline, char *reason, size_t reason_size)
{
    return window_load_event(l, "connected", server, deadline, reason, reason_size);
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

uint64_t window_load_lead_ns(const struct point_load *load, unsigned connections)
{
    return lead_ns + connections * lead_of_connection_ns +
           point_load_start_ns(load, connections);
}

void window_load_order(struct window_load *l, uint64_t duration_ns, uint64_t lead)
{
    /* A generator that has ended is told of by the wait that follows: SIGPIPE is ignored by who
     * measures. */
    dprintf(l->commands, "window %lluns %lluns\n", (unsigned long long)duration_ns,
            (unsigned long long)lead);
}

enum load_result window_load_told(struct window_load *l, struct process *server,
                                  uint64_t deadline, struct window *out, char *reason,
                                  size_t reason_size)
{
    char text[LOAD_EVENT_MAX];
    enum load_result result = load_events_wait(&l->events, "window", text, &l->process, server,
                                               deadline, reason, reason_size);
    if (result == LOAD_OK && !read_window(text, out)) {
        snprintf(reason, reason_size, "load generator says of a window: %.100s", text);
        result = LOAD_FAILED;
    }
    if (result == LOAD_OK)
        l->ended += out->requests + out->failed;
    return result;
}

enum load_result window_load_measure(struct window_load *l, uint64_t duration_ns,
                                     uint64_t deadline, struct process *server,
                                     struct window *out, char *reason, size_t reason_size)
{
    window_load_order(l, duration_ns, usual_lead_ns);
    return window_load_told(l, server, deadline, out, reason, reason_size);
}

bool window_load_finish(struct window_load *l, uint64_t deadline, char *reason,
                        size_t reason_size)
{
    char end[300];
    if (!load_end(&l->process, &l->commands, deadline, reason, reason_size))
        return false;
    const struct process *p = &l->process;
    if (WIFEXITED(p->status) &&
        (WEXITSTATUS(p->status) == 0 || WEXITSTATUS(p->status) == exit_doubts ||
         (WEXITSTATUS(p->status) == exit_no_answer && l->ended == 0)))
        return true;
    process_end_reason(p, end, sizeof end);
    snprintf(reason, reason_size, "load generator ended badly: %s", end);
    return false;
}

json_t *window_load_results(struct window_load *l, uint64_t deadline, char *reason,
                            size_t reason_size)
{
    return load_results(&l->process, &l->commands, l->json, deadline, reason, reason_size);
}

void window_load_destroy(struct window_load *l)
{
    if (l->process.pid == 0)
        return;
    if (l->commands >= 0)
        close(l->commands);
    close(l->events.fd);
    if (l->counted)
        perf_close(&l->perf);
    process_destroy(&l->process);
    if (l->json)
        unlink(l->json);
    free(l->json);
}
