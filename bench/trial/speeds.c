#include "bench/trial/speeds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/trial/burner.h"
#include "bench/trial/cpu_busy.h"
#include "bench/trial/server_process.h"
#include "bench/trial/tracepoint.h"
#include "bench/trial/window_load.h"
#include "common/clock.h"
#include "common/random.h"

#define SPEED_NAME(id, name, digits)   name,
#define SPEED_DIGITS(id, name, digits) digits,
const char *const speed_figure_names[] = {SPEED_FIGURES(SPEED_NAME)};
const int speed_figure_digits[] = {SPEED_FIGURES(SPEED_DIGITS)};

const char *const speed_condition_names[] = {"sleep", "spin", "neighbour", "idle-server",
                                             "idle-generator"};

/* How long connecting, and the answers after a window, may take. */
static const uint64_t limit_ns = 70 * NS_PER_S;

struct state {
    const struct speeds_setup *setup;
    struct server server;
    struct tree tree;
    int wakings; /* the counter, or -1 */
    struct window_load sleeping, spinning;
    struct burner burner;
};

/* What is read at both ends of a window. */
struct reading {
    struct perf_values server, generator;
    double wakings;
    uint64_t cpu_ns;
    struct cpu_busy server_busy, generator_busy;
};

static struct reading read_all(const struct state *s, const struct window_load *l)
{
    struct reading r = {.wakings = counter_read(s->wakings), .cpu_ns = tree_cpu_ns(&s->tree)};

    perf_read(&s->server.perf, &r.server);
    perf_read(&l->perf, &r.generator);
    r.server_busy = cpu_busy_read(&s->setup->placement->server);
    r.generator_busy = cpu_busy_read(&s->setup->placement->generator);
    return r;
}

/* The share of `cpus` CPUs that was busy between two readings, without `own_ns` of our own. */
static double others(const struct cpu_busy *a, const struct cpu_busy *b, double own_ns,
                     double all_ns, int cpus)
{
    double share = (cpu_busy_ns(a, b) - own_ns) / all_ns / cpus;
    return share < 0 ? 0 : share;
}

/* Of the load generator: as many as it has CPUs, and none without a connection. */
static unsigned threads_of(const struct placement *p, unsigned connections)
{
    unsigned cpus = (unsigned)p->generator_count;
    return cpus < connections ? cpus : connections;
}

static void fill(struct speed_window *w, const struct placement *p, const struct reading *a,
                 const struct reading *b, const struct window *told, double burnt_ns)
{
    double active = told->active_ns;
    double requests = told->active_requests;
    double generator_ns = told->cpu_ns;
    double cpu_ns = (double)(b->cpu_ns - a->cpu_ns);
    bool on_server = w->condition == SPEED_IDLE_SERVER;
    double *v = w->value;

    v[SPEED_RPS] = told->requests * 1e9 / told->window_ns;
    v[SPEED_P50_US] = told->p50_ns / 1e3;
    v[SPEED_REQUESTS] = requests;
    v[SPEED_ACTIVE_S] = active / 1e9;
    double each = requests > 0 ? requests : NAN;
    v[SPEED_CPU_US] = cpu_ns / 1e3 / each;
    v[SPEED_CPU_FRACTION] = cpu_ns / active / p->server_count;
    v[SPEED_WAKINGS] = (b->wakings - a->wakings) / each;
    v[SPEED_SWITCHES] =
        (b->server.count[PERF_SWITCHES] - a->server.count[PERF_SWITCHES]) / each;
    v[SPEED_GENERATOR_SWITCHES] =
        (b->generator.count[PERF_SWITCHES] - a->generator.count[PERF_SWITCHES]) / each;
    v[SPEED_SLEPT] = told->slept_ns / active / threads_of(p, w->connections);
    v[SPEED_GENERATOR_CPU_US] = generator_ns / 1e3 / each;
    v[SPEED_OTHER_SERVER] =
        others(&a->server_busy, &b->server_busy, cpu_ns + (on_server ? burnt_ns : 0), active,
               p->server_count);
    v[SPEED_OTHER_GENERATOR] =
        others(&a->generator_busy, &b->generator_busy,
               generator_ns + (on_server ? 0 : burnt_ns), active, p->generator_count);
    v[SPEED_STOLEN_SERVER] =
        (b->server_busy.stolen_ns - a->server_busy.stolen_ns) / active / p->server_count;
    v[SPEED_STOLEN_GENERATOR] = (b->generator_busy.stolen_ns - a->generator_busy.stolen_ns) /
                                active / p->generator_count;
}

static void start_burner(struct state *s, enum speed_condition c)
{
    const struct placement *p = s->setup->placement;

    if (c == SPEED_NEIGHBOUR)
        burner_start(&s->burner, &p->generator, SCHED_OTHER);
    else if (c == SPEED_IDLE_SERVER)
        burner_start(&s->burner, &p->server, SCHED_IDLE);
    else if (c == SPEED_IDLE_GENERATOR)
        burner_start(&s->burner, &p->generator, SCHED_IDLE);
}

static bool went_well(enum load_result result, char *reason, size_t reason_size)
{
    if (result == LOAD_INTERRUPTED)
        snprintf(reason, reason_size, "interrupted");
    return result == LOAD_OK;
}

static bool window(struct state *s, unsigned round, enum speed_condition c, char *reason,
                   size_t reason_size)
{
    const struct speeds_setup *setup = s->setup;
    struct window_load *l = c == SPEED_SPIN ? &s->spinning : &s->sleeping;
    struct speed_window w = {.model = setup->model->name,
                             .connections = setup->connections,
                             .round = round,
                             .condition = c};

    start_burner(s, c);
    struct reading before = read_all(s, l);
    struct window told;
    enum load_result result = window_load_measure(
        l, setup->window_ns, clock_after(clock_ns(), setup->window_ns + limit_ns),
        &s->server.process, &told, reason, reason_size);
    struct reading after = read_all(s, l);
    double burnt_ns = (double)burner_stop(&s->burner);
    if (!went_well(result, reason, reason_size))
        return false;
    fill(&w, setup->placement, &before, &after, &told, burnt_ns);
    if (round > 0) /* round 0 warms up */
        setup->take(setup->taker, &w);
    return true;
}

/* Fisher and Yates, after Durstenfeld (CACM 7, 1964). */
static void shuffle(enum speed_condition *order, uint64_t *random)
{
    for (int i = SPEED_CONDITIONS - 1; i > 0; i--) {
        int j = (int)(random_uniform(random) * (i + 1));
        enum speed_condition c = order[i];
        order[i] = order[j];
        order[j] = c;
    }
}

static bool rounds(struct state *s, char *reason, size_t reason_size)
{
    uint64_t random = random_stream(s->setup->seed, s->setup->connections);

    for (unsigned round = 0; round <= s->setup->rounds; round++) {
        enum speed_condition order[SPEED_CONDITIONS];
        for (int i = 0; i < SPEED_CONDITIONS; i++)
            order[i] = (enum speed_condition)i;
        shuffle(order, &random);
        for (int i = 0; i < SPEED_CONDITIONS; i++)
            if (!window(s, round, order[i], reason, reason_size))
                return false;
    }
    return true;
}

static bool start_server(struct state *s, char *reason, size_t reason_size)
{
    const struct speeds_setup *setup = s->setup;
    struct server_spec spec = {.model = setup->model,
                               .protocol = PROTOCOL_HTTP,
                               .connections = 2 * setup->connections,
                               .path = "/",
                               .cpus = &setup->placement->server};

    if (server_start(&s->server, &spec, reason, reason_size) != SERVER_OK)
        return false;
    tree_find(&s->tree, s->server.process.pid);
    if (setup->count_wakings)
        s->wakings = perf_open_wakings(s->server.process.pid);
    return true;
}

static bool connected(struct state *s, struct window_load *l, char *reason, size_t reason_size)
{
    return went_well(window_load_connected(l, &s->server.process,
                                           clock_after(clock_ns(), limit_ns), reason,
                                           reason_size),
                     reason, reason_size);
}

static bool finish(struct window_load *l, char *reason, size_t reason_size)
{
    return window_load_finish(l, clock_after(clock_ns(), limit_ns), reason, reason_size);
}

static bool load(struct state *s, char *reason, size_t reason_size)
{
    const struct speeds_setup *setup = s->setup;
    struct window_load_spec spec = {.program = setup->loadgen,
                                    .address = s->server.address,
                                    .protocol = PROTOCOL_HTTP,
                                    .load = {.path = "/", .payload = 64},
                                    .timeout_ns = 2 * NS_PER_S,
                                    .settle_ns = 60 * NS_PER_S,
                                    .connections = setup->connections,
                                    .threads = threads_of(setup->placement, setup->connections),
                                    .counted = true,
                                    .cpus = &setup->placement->generator};

    window_load_start(&s->sleeping, &spec);
    spec.spin = true;
    window_load_start(&s->spinning, &spec);
    bool good = connected(s, &s->sleeping, reason, reason_size) &&
                connected(s, &s->spinning, reason, reason_size) &&
                rounds(s, reason, reason_size) && finish(&s->sleeping, reason, reason_size) &&
                finish(&s->spinning, reason, reason_size);
    window_load_destroy(&s->sleeping);
    window_load_destroy(&s->spinning);
    return good;
}

bool speeds_measure(const struct speeds_setup *setup, char *reason, size_t reason_size)
{
    struct state s = {.setup = setup, .wakings = -1};
    json_t *counters = NULL;
    bool good = start_server(&s, reason, reason_size);

    if (good) {
        char why[300];
        good = load(&s, reason, reason_size);
        bool stopped = server_stop(&s.server, &counters, why, sizeof why);
        if (good && !stopped)
            snprintf(reason, reason_size, "%s", why);
        good = good && stopped;
    }
    if (s.wakings >= 0)
        close(s.wakings);
    json_decref(counters);
    tree_free(&s.tree);
    server_destroy(&s.server);
    return good;
}
