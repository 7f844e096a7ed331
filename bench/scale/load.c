#include "bench/scale/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/merge/merge.h"
#include "bench/trial/load_args.h"
#include "common/clock.h"
#include "common/err.h"

/* However long the machine takes: who waits for the generator has limits of its own. */
static const uint64_t settle_ns = 600 * NS_PER_S;
static const uint64_t timeout_ns = 120 * NS_PER_S;
/* Honest clients wait no longer, so that the run ends where nobody is answered. */
static const uint64_t honest_timeout_ns = 5 * NS_PER_S;

static void add_crowd(struct load_args *args, const struct scale_load_spec *spec)
{
    load_args_word(args, "--gate");
    load_args_word(args, "--source");
    load_args_word(args, spec->sources);
    load_args_time(args, "--settle", settle_ns);
    load_args_time(args, "--think", spec->think_ns);
    load_args_time(args, "--spread", spec->think_ns);
    /* No port stays behind in TIME_WAIT. */
    load_args_word(args, "--close=rst");
}

void scale_load_start(struct scale_load *l, const struct scale_load_spec *spec)
{
    static const struct point_load asked = {.path = "/", .payload = 64};
    struct load_args args;
    int events[2], input[2];

    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(input, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");
    *l = (struct scale_load){.events.fd = events[0], .input = input[1]};
    l->json = text_format("%s/%s.json", spec->dir, spec->name);
    load_args_begin(&args, spec->program);
    load_args_number(&args, "-c", spec->connections);
    load_args_time(&args, "-d", spec->duration_ns);
    load_args_time(&args, "--timeout", spec->gate ? timeout_ns : honest_timeout_ns);
    load_args_word(&args, "--json");
    load_args_word(&args, l->json);
    load_args_number(&args, "--events-fd", PROCESS_EXTRA_FD);
    if (spec->gate)
        add_crowd(&args, spec);
    if (spec->rate > 0)
        load_args_number(&args, "--rate", spec->rate);
    load_args_number(&args, "--payload", asked.payload);
    load_args_url(&args, spec->protocol, spec->address, &asked);
    process_start(&l->process, &(struct process_spec){.argv = args.argv,
                                                      .input = input[0],
                                                      .extra = events[1],
                                                      .nofile = spec->nofile});
    load_args_free(&args);
    close(input[0]);
    close(events[1]);
}

void scale_load_go(struct scale_load *l, uint64_t unix_ns)
{
    /* Into a pipe that is empty. Who died meanwhile is found by its report. */
    dprintf(l->input, "start %llu\n", (unsigned long long)unix_ns);
}

void scale_load_dismiss(struct scale_load *l)
{
    if (l->input >= 0)
        close(l->input);
    l->input = -1;
}

json_t *scale_load_report(struct scale_load *l, char *reason, size_t reason_size)
{
    char end[300];
    json_t *report = json_load_file(l->json, 0, NULL);

    if (!report) {
        process_end_reason(&l->process, end, sizeof end);
        snprintf(reason, reason_size, "a load generator left no results: %s", end);
    }
    return report;
}

json_t *scale_load_merge(json_t *const *reports, size_t count, char *reason, size_t reason_size)
{
    struct merge_input *inputs = xcalloc(count, sizeof *inputs);
    char(*names)[24] = xcalloc(count, sizeof *names);

    for (size_t i = 0; i < count; i++) {
        json_t *url = json_object_get(reports[0], "url");
        json_object_set(reports[i], "url", url);
        json_object_set(json_array_get(json_object_get(reports[i], "urls"), 0), "url", url);
        snprintf(names[i], sizeof names[i], "%zu", i + 1);
        inputs[i] = (struct merge_input){.name = names[i], .report = reports[i]};
    }
    json_t *all = merge(inputs, count, reason, reason_size);
    free(names);
    free(inputs);
    return all;
}

void scale_load_destroy(struct scale_load *l)
{
    if (!l->json)
        return;
    scale_load_dismiss(l);
    close(l->events.fd);
    process_destroy(&l->process);
    unlink(l->json);
    free(l->json);
    *l = (struct scale_load){.input = -1};
}
