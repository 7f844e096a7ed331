#include "bench/trial/load_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/trial/load_args.h"
#include "common/clock.h"
#include "common/err.h"

void load_start(struct load *l, const struct load_spec *spec)
{
    struct load_args args;
    int events[2];
    int hold[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(hold, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    *l = (struct load){.events.fd = events[0], .hold = hold[1]};
    l->json = text_format("%s/.load.json", spec->dir);
    unlink(l->json);
    load_args_begin(&args, spec->program);
    load_args_number(&args, "-c", spec->connections);
    load_args_number(&args, "-t", spec->threads);
    load_args_time(&args, "-d", spec->duration_ns);
    load_args_time(&args, "--warmup", spec->warmup_ns);
    load_args_time(&args, "--timeout", spec->timeout_ns);
    load_args_time(&args, "--settle", spec->settle_ns);
    load_args_point(&args, &spec->load);
    if (spec->rate > 0) {
        load_args_number(&args, "--rate", spec->rate);
        load_args_word(&args, "--arrival=poisson");
    }
    load_args_word(&args, "--json");
    load_args_word(&args, l->json);
    load_args_number(&args, "--events-fd", PROCESS_EXTRA_FD);
    load_args_word(&args, "--hold");
    if (spec->may_lose)
        load_args_word(&args, "--max-errors=100%");
    for (size_t i = 0; spec->words && spec->words[i]; i++)
        load_args_word(&args, spec->words[i]);
    load_args_url(&args, spec->protocol, spec->address, &spec->load);
    process_start(&l->process, &(struct process_spec){.argv = args.argv,
                                                      .cpus = spec->cpus,
                                                      .input = hold[0],
                                                      .netns = spec->netns,
                                                      .extra = events[1]});
    load_args_free(&args);
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
