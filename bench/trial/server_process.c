#include "bench/trial/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/trial/namespaces.h"
#include "common/clock.h"
#include "common/err.h"

static const uint64_t ready_limit = 10 * NS_PER_S;
/* A server may take its --drain (5 s by default) for what is in flight. */
static const uint64_t stop_limit = 8 * NS_PER_S;
/* Between two attempts to connect to a server of others that does not listen yet. */
static const uint64_t ask_pause = 5 * NS_PER_MS;
/* What a model of ours ends with that cannot run here. */
static const int exit_unsupported = 3;

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

/* It closed its ready descriptor without a word, or ended: give it a moment to end, so that the
 * reason can be told. */
static enum server_result ended_early(struct server *s, char *reason, size_t reason_size)
{
    char end[300];
    struct process *p = &s->process;
    if (!process_wait(p, clock_after(clock_ns(), NS_PER_S))) {
        snprintf(reason, reason_size, "server closed its ready descriptor without an address");
        return SERVER_FAILED;
    }
    if (!s->external && WIFEXITED(p->status) && WEXITSTATUS(p->status) == exit_unsupported) {
        char *text = process_errors(p);
        text_last_line(text, end, sizeof end);
        snprintf(reason, reason_size, "unsupported here: %s", end);
        free(text);
        return SERVER_UNSUPPORTED;
    }
    process_end_reason(p, end, sizeof end);
    snprintf(reason, reason_size, "server died before it was ready: %s%s", end,
             s->external && p->status == 0 ? " (it must stay in the foreground)" : "");
    return SERVER_FAILED;
}

static enum server_result not_ready(char *reason, size_t reason_size, const char *why)
{
    snprintf(reason, reason_size, "server was not ready within %d s%s%s",
             (int)(ready_limit / NS_PER_S), why[0] ? ": " : "", why);
    return SERVER_FAILED;
}

static enum server_result wait_ready(struct server *s, int ready, char *reason,
                                     size_t reason_size)
{
    uint64_t deadline = clock_after(clock_ns(), ready_limit);
    bool complete = false;

    while (!complete) {
        int fds[] = {ready, s->process.pidfd};
        int which = wait_readable(fds, 2, deadline);
        if (which == WAIT_INTERRUPTED)
            return SERVER_INTERRUPTED;
        if (which == WAIT_TIMEOUT)
            return not_ready(reason, reason_size, "");
        if (which == 0 && read_address(ready, s, &complete))
            continue;
        return ended_early(s, reason, reason_size);
    }
    return SERVER_OK;
}

/* Nothing tells when a program that is not ours listens: ask until it answers. */
static enum server_result wait_answer(struct server *s, const struct server_spec *spec,
                                      char *reason, size_t reason_size)
{
    uint64_t deadline = clock_after(clock_ns(), ready_limit);
    char why[200] = "it does not accept connections on its port";
    while (clock_ns() < deadline) {
        enum answer_result result =
            answer_fetch(s->address, spec->protocol, spec->path, spec->payload,
                         s->process.pidfd, deadline, &s->answer, why, sizeof why);
        if (result == ANSWER_OK)
            return SERVER_OK;
        answer_free(&s->answer);
        if (result == ANSWER_INTERRUPTED)
            return SERVER_INTERRUPTED;
        if (result == ANSWER_BAD && clock_ns() < deadline) {
            snprintf(reason, reason_size, "server answers wrongly: %s", why);
            return SERVER_FAILED;
        }
        int which = wait_readable(&s->process.pidfd, 1, clock_after(clock_ns(), ask_pause));
        if (which == WAIT_INTERRUPTED)
            return SERVER_INTERRUPTED;
        if (which == 0)
            return ended_early(s, reason, reason_size);
    }
    return not_ready(reason, reason_size, why);
}

/* Held at its gate, the counters are opened on it, then it runs. */
static void launch(struct server *s, const struct server_spec *spec, const char *const *argv,
                   int extra)
{
    process_start(&s->process, &(struct process_spec){.argv = argv,
                                                      .cpus = spec->cpus,
                                                      .input = -1,
                                                      .extra = extra,
                                                      .gated = true,
                                                      .netns = spec->netns,
                                                      .stands = spec->stands});
    perf_open(&s->perf, s->process.pid, spec->count_syscalls);
    if (spec->count_syscalls)
        calls_open(&s->calls, s->process.pid);
    process_release(&s->process);
}

static enum server_result start_external(struct server *s, const struct server_spec *spec,
                                         char *reason, size_t reason_size)
{
    struct external_site_spec site = {.external = s->external,
                                      .command = s->external->command,
                                      .options = spec->options,
                                      .protocol = spec->protocol,
                                      .connections = spec->connections,
                                      .path = spec->path,
                                      .answer = spec->answer};
    if (!external_site_make(&s->site, &site, reason, reason_size))
        return SERVER_FAILED;
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", s->site.port);
    launch(s, spec, (const char *const *)s->site.argv, -1);
    return wait_answer(s, spec, reason, reason_size);
}

/* A name that no other socket of this machine has: abstract, so there is no file to be left. */
static const char *local_name(char name[48])
{
    static unsigned count;
    snprintf(name, 48, "unix:@iomodels-%ld-%u", (long)getpid(), count++);
    return name;
}

static enum server_result start_own(struct server *s, const struct server_spec *spec,
                                    char *reason, size_t reason_size)
{
    char workers[16], local[48];
    /* Its extra descriptor is PROCESS_EXTRA_FD, 3. */
    const char *fixed[] = {spec->model->path,
                           "--listen",
                           spec->local   ? local_name(local)
                           : spec->netns ? NAMESPACES_SERVER ":0"
                                         : "127.0.0.1:0",
                           "--protocol",
                           protocol_names[spec->protocol],
                           "--ready-fd",
                           "3"};
    enum { FIXED = sizeof fixed / sizeof fixed[0], MORE = 2 };
    int ready[2];
    char **words = spec->options ? words_split(spec->options, reason, reason_size) : NULL;
    size_t n = 0;
    size_t wrapped = 0;
    if (spec->options && !words)
        return SERVER_FAILED;
    while (words && words[n])
        n++;
    while (spec->wrap && spec->wrap[wrapped])
        wrapped++;
    const char **argv = xcalloc(wrapped + FIXED + n + MORE + 1, sizeof *argv);
    for (size_t i = 0; i < wrapped; i++)
        argv[i] = spec->wrap[i];
    memcpy(argv + wrapped, fixed, sizeof fixed);
    for (size_t i = 0; i < n; i++)
        argv[wrapped + FIXED + i] = words[i];
    if (spec->workers > 0) {
        snprintf(workers, sizeof workers, "%u", spec->workers);
        argv[wrapped + FIXED + n] = "--workers";
        argv[wrapped + FIXED + n + 1] = workers;
    }
    if (pipe2(ready, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    launch(s, spec, argv, ready[1]);
    close(ready[1]);
    enum server_result result = wait_ready(s, ready[0], reason, reason_size);
    close(ready[0]);
    free(argv);
    words_free(words);
    return result;
}

enum server_result server_start(struct server *s, const struct server_spec *spec, char *reason,
                                size_t reason_size)
{
    *s = (struct server){.external = spec->model->external};
    return s->external ? start_external(s, spec, reason, reason_size)
                       : start_own(s, spec, reason, reason_size);
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
    int signal_number = s->external ? s->external->stop_signal : SIGTERM;
    bool ended = process_stop(p, signal_number, clock_after(clock_ns(), stop_limit));
    *counters = NULL;
    if (s->external && !early)
        return true; /* its exit status does not matter */

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
    calls_close(&s->calls);
    process_destroy(&s->process);
    external_site_remove(&s->site);
    answer_free(&s->answer);
}

enum server_result server_ask(const struct model *model, const struct scenario *s,
                              enum protocol protocol, const cpu_set_t *cpus,
                              struct answer *answer, char *reason, size_t reason_size)
{
    struct server server;
    json_t *counters = NULL;
    struct server_spec spec = {.model = model,
                               .protocol = protocol,
                               .connections = 1,
                               .path = s->path,
                               .payload = s->payload,
                               .cpus = cpus};
    enum server_result result = server_start(&server, &spec, reason, reason_size);
    if (result == SERVER_OK) {
        enum answer_result said =
            answer_fetch(server.address, protocol, s->path, s->payload, server.process.pidfd,
                         clock_after(clock_ns(), ready_limit), answer, reason, reason_size);
        result = said == ANSWER_OK            ? SERVER_OK
                 : said == ANSWER_INTERRUPTED ? SERVER_INTERRUPTED
                                              : SERVER_FAILED;
        if (said == ANSWER_NOT_YET)
            snprintf(reason, reason_size, "%s closed the connection", model->name);
        server_stop(&server, &counters, reason, reason_size);
    }
    server_destroy(&server);
    json_decref(counters);
    return result;
}
