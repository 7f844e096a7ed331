#include "bench/trial/load_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"

void load_start(struct load *l, const struct load_spec *spec)
{
    const struct scenario *s = spec->scenario;
    bool http = spec->protocol == PROTOCOL_HTTP;
    char connections[16], threads[16], payload[24], duration[32], warmup[32], timeout[32],
        settle[32];
    int events[2];
    int hold[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(hold, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    snprintf(connections, sizeof connections, "%u", spec->connections);
    snprintf(threads, sizeof threads, "%u", spec->threads);
    snprintf(payload, sizeof payload, "%llu", (unsigned long long)s->payload);
    snprintf(duration, sizeof duration, "%lluns", (unsigned long long)spec->duration_ns);
    snprintf(settle, sizeof settle, "%lluns", (unsigned long long)spec->settle_ns);
    snprintf(warmup, sizeof warmup, "%lluns", (unsigned long long)spec->warmup_ns);
    snprintf(timeout, sizeof timeout, "%lluns", (unsigned long long)s->timeout_ns);
    char *url = text_format("%s://%s%s", protocol_names[spec->protocol], spec->address,
                            http ? s->path : "");

    *l = (struct load){.events.fd = events[0], .hold = hold[1]};
    l->json = text_format("%s/.load.json", spec->dir);
    unlink(l->json);
    const char *argv[] = {spec->program, "-c",       connections,   "-t",        threads,
                          "-d",          duration,   "--warmup",    warmup,      "--timeout",
                          timeout,       "--settle", settle,        "--payload", payload,
                          "--json",      l->json,    "--events-fd", "3",         "--hold",
                          url,           NULL,       NULL};
    if (spec->may_lose) {
        argv[sizeof argv / sizeof argv[0] - 3] = "--max-errors=100%";
        argv[sizeof argv / sizeof argv[0] - 2] = url;
    }
    process_start(&l->process,
                  &(struct process_spec){
                      .argv = argv, .cpus = spec->cpus, .input = hold[0], .extra = events[1]});
    free(url);
    close(hold[0]);
    close(events[1]);
}

enum load_result load_wait(struct load *l, const char *name, struct process *server,
                           uint64_t deadline, char *reason, size_t reason_size)
{
    return load_events_wait(&l->events, name, NULL, &l->process, server, deadline, reason,
                            reason_size);
}

json_t *load_finish(struct load *l, uint64_t deadline, char *reason, size_t reason_size)
{
    return load_results(&l->process, &l->hold, l->json, deadline, reason, reason_size);
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
