/* iomodels run two-speeds: why one and the same server has two speeds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/machine/measure.h"
#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/record/run_dir.h"
#include "bench/record/speeds_csv.h"
#include "bench/show/plot.h"
#include "bench/show/speeds_text.h"
#include "bench/trial/perf.h"
#include "bench/trial/speeds.h"
#include "bench/trial/waking.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

enum { POINTS_MAX = 16 };

struct two_speeds {
    struct paths paths; /* first: paths_rows */
    const char *models;
    const char *out; /* NULL: a new one in paths.results */
    unsigned connections[POINTS_MAX];
    size_t points;
    unsigned rounds;
    uint64_t window_ns;
    uint64_t seed;
    bool seeded;
    /* what was measured of the point under way */
    struct speed_window *windows;
    size_t count;
    FILE *csv;
    double waking_ns; /* what it costs to wake a thread on another CPU; NaN: not known */
};

static bool set_connections(void *target, const char *value)
{
    struct two_speeds *s = target;
    char *copy = xstrdup(value);
    char *rest = copy;
    char *item;

    s->points = 0;
    while ((item = strsep(&rest, ","))) {
        uint64_t n;
        if (s->points == POINTS_MAX || !parse_u64(text_trim(item), 1, 10000, &n)) {
            free(copy);
            return false;
        }
        s->connections[s->points++] = (unsigned)n;
    }
    free(copy);
    return true;
}

static bool set_seed(void *target, const char *value)
{
    struct two_speeds *s = target;
    s->seeded = true;
    return parse_u64(value, 0, UINT64_MAX, &s->seed);
}

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "models", "MODEL,...",
     "the models to load (epoll-lt and io-uring, as far as they run here)",
     OPTION_FIELD(struct two_speeds, models)},
    {OPTION_CALL, 0, "connections", "N,N,...", "the numbers of connections (1,64)",
     .call = set_connections, .expects = "at most 16 numbers from 1 to 10000, by commas"},
    {OPTION_NUMBER, 0, "rounds", "N", "windows of each condition (20)",
     OPTION_FIELD(struct two_speeds, rounds), .low = 1, .high = 10000},
    {OPTION_TIME, 0, "window", "TIME", "the length of a window (80ms)",
     OPTION_FIELD(struct two_speeds, window_ns), .low = NS_PER_MS, .high = 60 * NS_PER_S},
    {OPTION_CALL, 0, "seed", "N", "the seed of the order of windows (random)", .call = set_seed,
     .expects = "a number from 0 to 2^64-1"},
    {OPTION_TEXT, 0, "out", "DIR",
     "the run directory (default: a new directory two-speeds-DATE in results/)",
     OPTION_FIELD(struct two_speeds, out)},
    {0},
};

_Static_assert(offsetof(struct two_speeds, paths) == 0, "paths_rows");

static void parse(struct two_speeds *s, int argc, char **argv)
{
    *s = (struct two_speeds){
        .connections = {1, 64}, .points = 2, .rounds = 20, .window_ns = 80 * NS_PER_MS};
    const struct command_line line = {
        .usage = "iomodels run two-speeds [OPTIONS]\n",
        .about =
            "Load one and the same server in short windows that alternate: by a generator that "
            "sleeps while it waits, by one that never sleeps (--spin), beside a program that "
            "wants the generator's CPU as well, and with the server's or the generator's CPU "
            "never idle. Each window is labelled: CPU per request, wake-ups that the server "
            "did, sleep of the generator, what others and the hypervisor took.",
        .notes = "Writes windows.csv, finding.txt and a picture for each model and number of "
                 "connections. docs/method.md tells what the figures mean.",
        .tables = {rows, paths_rows},
        .target = s,
    };
    int at = command_line_read(&line, argc, argv);
    if (at < argc)
        die_usage("run two-speeds takes no scenario; '%s' is one too many", argv[at]);
    paths_find(&s->paths);
    if (!s->seeded && getrandom(&s->seed, sizeof s->seed, 0) != sizeof s->seed)
        die_errno("cannot draw a seed");
}

static void take(void *taker, const struct speed_window *w)
{
    struct two_speeds *s = taker;

    speeds_csv_put(s->csv, w);
    s->windows[s->count++] = *w;
}

/* To standard output and to finding.txt. */
static void tell(const struct two_speeds *s, FILE *finding)
{
    if (s->count == 0)
        return;
    speeds_tell(stdout, s->windows, s->count, s->waking_ns);
    fflush(stdout);
    speeds_tell(finding, s->windows, s->count, s->waking_ns);
}

static void draw(const struct two_speeds *s, const char *dir, const char *model,
                 unsigned connections)
{
    char error[512];
    char *of = text_format("%s_%u", model, connections);

    if (s->count > 0 && !plot_draw(dir, s->paths.scripts, "two_speeds", of, model, connections,
                                   error, sizeof error))
        warn("no picture: %s", error);
    free(of);
}

/* One model at one number of connections. False where that could not be measured. */
static bool point(struct two_speeds *s, const struct speeds_setup *common, const char *dir,
                  FILE *finding, const struct model *m, unsigned connections)
{
    char reason[512] = "";
    struct speeds_setup setup = *common;

    setup.model = m;
    setup.connections = connections;
    s->count = 0;
    bool good = speeds_measure(&setup, reason, sizeof reason);
    tell(s, finding);
    draw(s, dir, m->name, connections);
    if (!good && !wait_was_interrupted())
        warn("%s, %u connections: %s", m->name, connections, reason);
    return good;
}

/* A second is enough for one of the unit costs. */
static double measure_waking(const struct two_speeds *s, const struct placement *placement)
{
    struct unit_costs costs;
    unit_costs_measure(&costs, placement, NS_PER_S, s->paths.session_cost);
    return costs.at[UNIT_WAKE_CROSS_CPU].ns;
}

static bool measure(struct two_speeds *s, const struct model_list *models, const char *dir)
{
    struct placement placement;
    bool counters[PERF_COUNTERS];
    char why[512];
    char *path = text_format("%s/finding.txt", dir);
    FILE *finding = fopen(path, "we");
    bool good = true;

    if (!finding)
        die_errno("cannot write %s", path);
    placement_choose(&placement, 1);
    perf_probe(counters, why, sizeof why);
    if (why[0])
        warn("not all counters can be had: %s", why);
    if (placement.shared)
        warn("server and generator share the CPUs: nothing here is the server's alone");
    s->waking_ns = measure_waking(s, &placement);
    own_place_take(&placement.generator);
    struct speeds_setup setup = {.placement = &placement,
                                 .loadgen = s->paths.loadgen,
                                 .rounds = s->rounds,
                                 .window_ns = s->window_ns,
                                 .seed = s->seed,
                                 .count_wakings = counters[PERF_WAKINGS],
                                 .take = take,
                                 .taker = s};
    for (size_t i = 0; i < models->count; i++)
        for (size_t k = 0; k < s->points && !wait_was_interrupted(); k++)
            good &= point(s, &setup, dir, finding, &models->at[i], s->connections[k]);
    own_priority_leave();
    if (!text_close(finding))
        die_errno("cannot write %s", path);
    free(path);
    return good;
}

/* Without --models: of these, those that can run here. The caller frees it. */
static char *usual_models(const struct model_list *models)
{
    static const char *const usual[] = {"epoll-lt", "io-uring"};
    char *names = xstrdup("none");

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const struct model *m = models_get(models, usual[i]);
        if (!m || m->unsupported) {
            warn("skipped: %s: %s", usual[i], m ? m->unsupported : "not built here");
            continue;
        }
        bool first = strcmp(names, "none") == 0;
        char *longer = first ? xstrdup(usual[i]) : text_format("%s,%s", names, usual[i]);
        free(names);
        names = longer;
    }
    return names;
}

static void choose_models(struct model_list *models, const struct two_speeds *s)
{
    char error[1024];

    models_find(models, s->paths.servers);
    char *names = s->models ? xstrdup(s->models) : usual_models(models);
    if (!models_select(models, names, "model", error, sizeof error))
        die_usage("--models: %s", error);
    free(names);
    if (models->count == 0)
        die("there is no server to load");
    for (size_t i = 0; i < models->count; i++) {
        const struct model *m = &models->at[i];
        if (m->concurrency > 0)
            die_usage("--models: %s serves %u connection%s at a time, and two generators are "
                      "connected here",
                      m->name, m->concurrency, text_s(m->concurrency));
        if (m->unsupported)
            die("%s cannot run here: %s", m->name, m->unsupported);
    }
}

int command_two_speeds(int argc, char **argv)
{
    struct two_speeds s;
    struct model_list models;

    parse(&s, argc, argv);
    own_descriptors_raise();
    choose_models(&models, &s);
    if (access(s.paths.loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", s.paths.loadgen);
    char *dir = s.out ? xstrdup(s.out) : run_dir_make_new(s.paths.results, "two-speeds");
    run_dir_make(dir);
    int lock = run_dir_lock(dir);
    s.windows = xcalloc((unsigned long)s.rounds * SPEED_CONDITIONS, sizeof *s.windows);
    s.csv = speeds_csv_open(dir);
    fprintf(stderr, "two-speeds: seed %llu, results in %s\n", (unsigned long long)s.seed, dir);
    wait_hold_signals();
    process_adopt_orphans();
    bool good = measure(&s, &models, dir);
    wait_release_signals();
    speeds_csv_close(s.csv, dir);
    free(s.windows);
    models_free(&models);
    if (lock >= 0)
        close(lock);
    free(dir);
    return wait_was_interrupted() ? 130 : good ? 0 : 1;
}
