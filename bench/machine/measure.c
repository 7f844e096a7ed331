#include "bench/machine/measure.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/stats.h"
#include "bench/base/wait.h"
#include "bench/machine/apart.h"
#include "bench/machine/clock_call.h"
#include "bench/machine/probe.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/random.h"

#define BATCH_NS_MAX NS_PER_MS
#define BATCH_NS_MIN (50 * NS_PER_US)

/* The least that has a median and a spread; the interval covers 95 % from six on (stats.h). */
enum { ROUNDS_MIN = 3, REPEATS_MAX = 1 << 24 };

/* Those that fork first: their processes have none of the others' descriptors. Then the thousand
 * descriptors that select must find below FD_SETSIZE. */
static const struct probe_kind *const kinds[] = {
    &probes_tasks,         &probes_switch_threads, &probes_switch_processes,
    &probes_wake,          &probes_session,        &probes_far,
    &probes_far_ring,      &probes_far_sleep,      &probes_far_sleep_processes,
    &probes_far_sleep_one, &probes_calls,          &probes_idle,
    &probes_cpu,           &probes_memory,         &probes_sockets,
    &probes_accept,        &probes_epoll,          &probes_uring,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct opened {
    void *state; /* NULL: it is apart, or not open */
    struct apart apart;
    bool good;
};

/* A cost under measurement. */
struct cell {
    const struct probe_kind *kind;
    const struct opened *opened;
    size_t probe;
    unsigned n; /* repetitions of a batch */
    double *values;
    size_t count;
};

struct session {
    struct opened opened[KINDS];
    struct cell cells[UNIT_COST_COUNT];
    size_t count;
    uint64_t batch_ns;
    struct unit_costs *out;
};

static void open_kind(struct session *s, size_t i, const struct probe_site *site)
{
    const struct probe_kind *kind = kinds[i];
    struct opened *o = &s->opened[i];
    char why[160] = "";
    if (kind->apart)
        o->good = apart_open(&o->apart, kind, site, why, sizeof why);
    else
        o->good = (o->state = kind->open(site, why, sizeof why)) != NULL;
    for (size_t p = 0; p < kind->count; p++) {
        struct unit_cost_figure *f = &s->out->at[kind->probes[p].cost];
        snprintf(f->why, sizeof f->why, "%s", o->good ? "interrupted" : why);
        if (o->good)
            s->cells[s->count++] = (struct cell){.kind = kind, .opened = o, .probe = p, .n = 1};
    }
}

static void close_kinds(struct session *s)
{
    for (size_t i = KINDS; i-- > 0;) {
        struct opened *o = &s->opened[i];
        if (o->good && o->state)
            kinds[i]->close(o->state);
        else if (o->good)
            apart_close(&o->apart);
    }
}

static double run_batch(const struct cell *c)
{
    const struct opened *o = c->opened;
    return o->state ? c->kind->probes[c->probe].batch(o->state, c->n)
                    : apart_batch(&o->apart, c->probe, c->n);
}

/* Take `i` out: a call of it failed, as errno tells. */
static void give_up(struct session *s, size_t i)
{
    struct unit_cost_figure *f = &s->out->at[s->cells[i].kind->probes[s->cells[i].probe].cost];
    snprintf(f->why, sizeof f->why, "a call failed: %s", strerror(errno));
    free(s->cells[i].values);
    s->cells[i] = s->cells[--s->count];
}

/* The shortest of three batches, 0 where one failed: one that was disturbed would make all that
 * follow too small. */
static uint64_t shortest_batch(const struct cell *c)
{
    uint64_t shortest = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        uint64_t begin = clock_ns();
        if (isnan(run_batch(c)))
            return 0;
        uint64_t took = clock_ns() - begin;
        shortest = took < shortest ? took : shortest;
    }
    return shortest > 0 ? shortest : 1;
}

/* How many make a batch. Also warms up what there is to warm up. */
static bool calibrate(struct cell *c, uint64_t batch_ns)
{
    for (;;) {
        uint64_t took = shortest_batch(c);
        if (took == 0)
            return false;
        if (took >= batch_ns / 4 || c->n >= REPEATS_MAX) {
            double n = (double)c->n * (double)batch_ns / (double)took;
            c->n = n < 1 ? 1 : n > REPEATS_MAX ? REPEATS_MAX : (unsigned)n;
            return true;
        }
        c->n *= 2;
    }
}

static void run_round(struct session *s, uint64_t *random)
{
    for (size_t i = s->count; i > 1; i--) {
        size_t other = (size_t)(random_next(random) % i);
        struct cell moved = s->cells[i - 1];
        s->cells[i - 1] = s->cells[other];
        s->cells[other] = moved;
    }
    for (size_t i = 0; i < s->count && !wait_was_interrupted(); i++) {
        struct cell *c = &s->cells[i];
        double ns = run_batch(c);
        if (isnan(ns)) {
            give_up(s, i--);
            continue;
        }
        c->values = xrealloc(c->values, (c->count + 1) * sizeof *c->values);
        c->values[c->count++] = ns;
    }
}

static void put_figure(struct unit_cost_figure *f, struct cell *c)
{
    if (c->count == 0)
        return;
    struct spread s = stats_spread(c->values, c->count);
    *f = (struct unit_cost_figure){s.median, s.low, s.high, c->values[0], s.n, ""};
    free(c->values);
}

static void measure(struct session *s, const struct probe_site *site, uint64_t deadline)
{
    uint64_t random = clock_ns();
    for (size_t i = 0; i < KINDS && !wait_was_interrupted(); i++)
        open_kind(s, i, site);
    for (size_t i = 0; i < s->count && !wait_was_interrupted(); i++)
        if (!calibrate(&s->cells[i], s->batch_ns))
            give_up(s, i--);
    for (int round = 0;
         !wait_was_interrupted() && (round < ROUNDS_MIN || clock_ns() < deadline); round++)
        run_round(s, &random);
    close_kinds(s);
    for (size_t i = 0; i < s->count; i++)
        put_figure(&s->out->at[s->cells[i].kind->probes[s->cells[i].probe].cost], &s->cells[i]);
}

static int first_of(const cpu_set_t *set)
{
    size_t cpu = 0;
    while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, set))
        cpu++;
    return (int)cpu;
}

void unit_costs_measure(struct unit_costs *out, const struct placement *p, uint64_t budget_ns,
                        const char *session_program)
{
    uint64_t begin = clock_ns();
    int server = first_of(&p->server);
    int generator = first_of(&p->generator);
    struct probe_site site = {server, server == generator ? -1 : generator, session_program};
    uint64_t share = budget_ns / UNIT_COST_COUNT / ROUNDS_MIN;
    struct session s = {.out = out,
                        .batch_ns = share > BATCH_NS_MAX   ? BATCH_NS_MAX
                                    : share < BATCH_NS_MIN ? BATCH_NS_MIN
                                                           : share};
    cpu_set_t before, here;

    *out = (struct unit_costs){.server_cpu = server, .generator_cpu = generator};
    for (int i = 0; i < UNIT_COST_COUNT; i++)
        out->at[i] = (struct unit_cost_figure){NAN, NAN, NAN, NAN, 0, "interrupted"};
    CPU_ZERO(&here);
    CPU_SET((size_t)server, &here);
    if (sched_getaffinity(0, sizeof before, &before) != 0 ||
        sched_setaffinity(0, sizeof here, &here) != 0)
        die_errno("cannot measure on CPU %d", server);
    measure(&s, &site, begin + budget_ns);
    sched_setaffinity(0, sizeof before, &before);
    out->clock_is_system_call =
        clock_is_system_call(out->at[UNIT_CLOCK_GETTIME].ns >= out->at[UNIT_SYSCALL].ns);
    out->seconds = (double)(clock_ns() - begin) / 1e9;
}
