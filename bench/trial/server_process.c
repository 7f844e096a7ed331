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
/* Of one that runs under another program, which stops it at each system call. */
static const uint64_t wrapped_limit = 60 * NS_PER_S;
/* A server may take its --drain (5 s by default) for what is in flight. */
static const uint64_t stop_limit = 8 * NS_PER_S;
/* Between two attempts to connect to a server of others that does not listen yet. */
static const uint64_t ask_pause = 5 * NS_PER_MS;
/* Words of a server's command line, with those before it. */
enum { SERVER_WORDS = 256 };
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

static enum server_result not_ready(char *reason, size_t reason_size, uint64_t limit,
                                    const char *why)
{
    snprintf(reason, reason_size, "server was not ready within %d s%s%s",
             (int)(limit / NS_PER_S), why[0] ? ": " : "", why);
    return SERVER_FAILED;
}

static enum server_result wait_ready(struct server *s, int ready, uint64_t limit, char *reason,
                                     size_t reason_size)
{
    uint64_t deadline = clock_after(clock_ns(), limit);
    bool complete = false;

    while (!complete) {
        int fds[] = {ready, s->process.pidfd};
        int which = wait_readable(fds, 2, deadline);
        if (which == WAIT_INTERRUPTED)
            return SERVER_INTERRUPTED;
        if (which == WAIT_TIMEOUT)
            return not_ready(reason, reason_size, limit, "");
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
    return not_ready(reason, reason_size, ready_limit, why);
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
                                                      .whole = s->far,
                                                      .netns = spec->netns,
                                                      .stands = spec->stands});
    if (spec->uncounted || s->far)
        perf_none(&s->perf);
    else
        perf_open(&s->perf, s->process.pid, spec->count_syscalls);
    if (spec->count_syscalls && !s->far)
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

/* On another host: nothing but its standard output tells that it listens. */
static enum server_result wait_far(struct server *s, char *reason, size_t reason_size)
{
    static const char mark[] = "listening on ";
    uint64_t deadline = clock_after(clock_ns(), ready_limit);

    while (clock_ns() < deadline) {
        char *text = process_output(&s->process);
        const char *at = strstr(text, mark);
        size_t n = at && strchr(at, '\n') ? strcspn(at + sizeof mark - 1, "\n") : 0;
        if (n > 0 && n < sizeof s->address)
            memcpy(s->address, at + sizeof mark - 1, n);
        free(text);
        if (s->address[0])
            return SERVER_OK;
        int which = wait_readable(&s->process.pidfd, 1, clock_after(clock_ns(), ask_pause));
        if (which == WAIT_INTERRUPTED)
            return SERVER_INTERRUPTED;
        if (which == 0)
            return ended_early(s, reason, reason_size);
    }
    return not_ready(reason, reason_size, ready_limit, "");
}

static enum server_result launch_own(struct server *s, const struct server_spec *spec,
                                     const char **argv, char *reason, size_t reason_size)
{
    int ready[2];

    if (s->far) {
        launch(s, spec, argv, -1);
        return wait_far(s, reason, reason_size);
    }
    if (pipe2(ready, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    launch(s, spec, argv, ready[1]);
    close(ready[1]);
    enum server_result result =
        wait_ready(s, ready[0], spec->wrap ? wrapped_limit : ready_limit, reason, reason_size);
    close(ready[0]);
    return result;
}

/* Words of several lists. */
struct words {
    const char *at[SERVER_WORDS];
    size_t count;
};

static void add(struct words *w, const char *word)
{
    if (w->count + 1 == SERVER_WORDS)
        die("more than %d words to a server", SERVER_WORDS);
    w->at[w->count++] = word;
}

static void add_all(struct words *w, const char *const *list)
{
    for (; list && *list; list++)
        add(w, *list);
}

static const char *listen_of(const struct server_spec *spec, char local[48])
{
    return spec->local    ? local_name(local)
           : spec->netns  ? NAMESPACES_SERVER ":0"
           : spec->listen ? spec->listen
                          : "127.0.0.1:0";
}

static enum server_result start_own(struct server *s, const struct server_spec *spec,
                                    char *reason, size_t reason_size)
{
    char workers[16], local[48];
    char **options = spec->options ? words_split(spec->options, reason, reason_size) : NULL;
    struct words w = {0};

    if (spec->options && !options)
        return SERVER_FAILED;
    s->far = spec->launch != NULL;
    add_all(&w, spec->wrap);
    add_all(&w, (const char *const *)spec->launch);
    add(&w, spec->model->path);
    add(&w, "--listen");
    add(&w, listen_of(spec, local));
    add(&w, "--protocol");
    add(&w, protocol_names[spec->protocol]);
    if (!s->far) {
        /* Its extra descriptor is PROCESS_EXTRA_FD, 3. */
        add(&w, "--ready-fd");
        add(&w, "3");
    }
    add_all(&w, (const char *const *)options);
    if (spec->workers > 0) {
        snprintf(workers, sizeof workers, "%u", spec->workers);
        add(&w, "--workers");
        add(&w, workers);
    }
    enum server_result result = launch_own(s, spec, w.at, reason, reason_size);
    words_free(options);
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
    /* What started it ends as it likes. */
    if (s->far && !early)
        return true;

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
