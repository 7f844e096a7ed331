#include "bench/show/plan_text.h"

#include <stdio.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "common/clock.h"

static void tell_placement(const struct run_facts *facts, const char *dir)
{
    const struct placement *p = facts->placement;
    char server[256];
    char generator[256];
    char shared[128];
    fprintf(stderr, "server on CPU %s, load generator on CPU %s; results in %s\n",
            placement_format(&p->server, server, sizeof server),
            placement_format(&p->generator, generator, sizeof generator), dir);
    if (p->shared)
        fprintf(stderr,
                "WARNING: %s. No figure of this run is the server's alone; all are marked.\n",
                placement_shared_text(p, shared, sizeof shared));
    if (p->siblings_shared)
        fprintf(stderr, "WARNING: server and load generator run on two hardware threads of one "
                        "core and slow each other down.\n");
    if (!facts->others_seen)
        fprintf(stderr, "WARNING: /proc/stat leaves out a CPU that this run uses: "
                        "whether other programs disturb a trial cannot be told.\n");
    if (facts->counters_reason[0])
        fprintf(stderr, "perf on this machine: %s\n", facts->counters_reason);
}

void plan_tell(const struct run_facts *facts, const char *dir, size_t done)
{
    const struct plan *plan = facts->plan;
    char point[AXIS_TEXT_MAX];
    unsigned repetitions = facts->scenario->repetitions;
    fprintf(stderr, "%s: %zu trial%s (%zu point%s, %u repetition%s%s), seed %llu\n",
            facts->scenario->name, plan->count, text_s((double)plan->count), plan->points,
            text_s((double)plan->points), repetitions, text_s(repetitions),
            facts->counting ? ", and a short one to count system calls" : "",
            (unsigned long long)facts->seed);
    tell_placement(facts, dir);
    if (facts->yardstick)
        fprintf(stderr, "each trial alternates with the yardstick, %s\n", facts->yardstick);
    for (size_t i = 0; i < plan->skipped_count; i++) {
        const struct plan_skip *s = &plan->skipped[i];
        if (s->connections == 0)
            fprintf(stderr, "skipped: %s: %s\n", s->model->name, s->reason);
        else
            fprintf(stderr, "skipped: %s %s, %s: %s\n", protocol_names[s->protocol],
                    s->model->name, axis_point_text(s->axis, s->at, point), s->reason);
    }
    if (done > 0)
        fprintf(stderr, "going on: %zu of %zu trial%s there\n", done, plan->count,
                plan->count == 1 ? " is" : "s are");
}

void plan_list(const struct plan *plan)
{
    puts("trial,block,protocol,model,connections,axis,at");
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_trial *t = &plan->trials[i];
        printf("%u,%u,%s,", t->id, t->block, protocol_names[t->protocol]);
        csv_put_text(stdout, t->model->name);
        printf(",%u,%s,%u\n", t->connections, axis_info(t->axis)->name, t->at);
    }
}

void plan_tell_time(const char *what, uint64_t ns)
{
    uint64_t s = (ns + NS_PER_S / 2) / NS_PER_S;
    fprintf(stderr, "%s: about %llu min %llu s\n", what, (unsigned long long)(s / 60),
            (unsigned long long)(s % 60));
}
