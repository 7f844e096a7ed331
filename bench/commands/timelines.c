/* iomodels run crash, run hog, run slow-clients: timelines of what clients get. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/record/run_dir.h"
#include "bench/record/timeline_csv.h"
#include "bench/show/plot.h"
#include "bench/show/timeline_text.h"
#include "common/clock.h"
#include "common/err.h"

struct timelines {
    struct paths paths; /* first: paths_rows */
    const char *name;   /* crash, hog or slow-clients */
    const char *models; /* NULL: all */
    const char *out;    /* NULL: a new one in paths.results */
    unsigned connections;
    uint64_t before_ns, after_ns;
    uint64_t cpu_us;
    unsigned slow;
};

/* A server that is looked at: a model, as it is or with options. */
struct contender {
    struct model model;
    char *options;
    char *label;
};

struct contenders {
    struct contender *at;
    size_t count;
};

/* Models that show something else with other options. */
static const struct {
    const char *model, *options, *label;
} variants[] = {
    {"epoll-multi", "--workers-as=processes --workers=2", "epoll-multi (2 processes)"},
    {"coroutine", "--workers=2", "coroutine (2 processes)"},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

#define COMMON_ROWS                                                                            \
    {OPTION_TEXT,                                                                              \
     0,                                                                                        \
     "models",                                                                                 \
     "MODEL,...",                                                                              \
     "the models to look at (all that serve several connections at one time)",                 \
     OPTION_FIELD(struct timelines, models)},                                                  \
        {OPTION_NUMBER,                                                                        \
         'c',                                                                                  \
         "connections",                                                                        \
         "N",                                                                                  \
         "how many others there are (64)",                                                     \
         OPTION_FIELD(struct timelines, connections),                                          \
         .low = 1,                                                                             \
         .high = 1000},                                                                        \
    {                                                                                          \
        OPTION_TEXT, 0, "out", "DIR",                                                          \
            "the run directory (default: a new directory NAME-DATE in results/)",              \
            OPTION_FIELD(struct timelines, out)                                                \
    }

static const struct option_row crash_rows[] = {
    COMMON_ROWS,
    {OPTION_TIME, 0, "before", "TIME", "how long the load goes on before the crash (1.2s)",
     OPTION_FIELD(struct timelines, before_ns), .low = 10 * NS_PER_MS, .high = 60 * NS_PER_S},
    {OPTION_TIME, 0, "after", "TIME", "and after it (1.5s)",
     OPTION_FIELD(struct timelines, after_ns), .low = 10 * NS_PER_MS, .high = 60 * NS_PER_S},
    {0},
};

static const struct option_row hog_rows[] = {
    COMMON_ROWS,
    {OPTION_TIME, 0, "before", "TIME", "how long the others are alone (1s)",
     OPTION_FIELD(struct timelines, before_ns), .low = 10 * NS_PER_MS, .high = 60 * NS_PER_S},
    {OPTION_TIME, 0, "after", "TIME", "how long they are beside the hog (2s)",
     OPTION_FIELD(struct timelines, after_ns), .low = 10 * NS_PER_MS, .high = 60 * NS_PER_S},
    {OPTION_NUMBER, 0, "cpu", "US", "the CPU time of one request of the hog, in us (200000)",
     OPTION_FIELD(struct timelines, cpu_us), .low = 1, .high = 10000000},
    {0},
};

static const struct option_row slow_rows[] = {
    COMMON_ROWS,
    {OPTION_NUMBER, 0, "slow", "N", "how many clients come that hardly read (256)",
     OPTION_FIELD(struct timelines, slow), .low = 1, .high = 10000},
    {OPTION_TIME, 0, "before", "TIME", "how long the others are alone (1s)",
     OPTION_FIELD(struct timelines, before_ns), .low = 10 * NS_PER_MS, .high = 60 * NS_PER_S},
    {OPTION_TIME, 0, "after", "TIME", "how long they are beside the slow ones (2s)",
     OPTION_FIELD(struct timelines, after_ns), .low = 10 * NS_PER_MS, .high = 60 * NS_PER_S},
    {0},
};

_Static_assert(offsetof(struct timelines, paths) == 0, "paths_rows");

static void parse(struct timelines *t, const struct command_line *line, int argc, char **argv)
{
    int at = command_line_read(line, argc, argv);
    if (at < argc)
        die_usage("run %s takes no scenario; '%s' is one too many", t->name, argv[at]);
    paths_find(&t->paths);
    if (access(t->paths.loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", t->paths.loadgen);
}

static void add(struct contenders *c, const struct model *m, const char *options,
                const char *label)
{
    c->at = xrealloc(c->at, (c->count + 1) * sizeof *c->at);
    c->at[c->count++] =
        (struct contender){.model = *m, .options = xstrdup(options), .label = xstrdup(label)};
}

/* A worker that serves one connection at a time is there for each of them, and for one more. */
static void add_model(struct contenders *c, const struct model *m, unsigned connections)
{
    char workers[32] = "";
    if (m->unsupported) {
        warn("skipped: %s: %s", m->name, m->unsupported);
        return;
    }
    if (m->concurrency == 1) {
        warn("skipped: %s serves one connection at a time", m->name);
        return;
    }
    if (m->concurrency > 0)
        snprintf(workers, sizeof workers, "--workers=%u", connections + 1);
    add(c, m, workers, m->name);
    for (size_t i = 0; i < VARIANTS; i++)
        if (strcmp(variants[i].model, m->name) == 0)
            add(c, m, variants[i].options, variants[i].label);
}

static void find_contenders(struct contenders *c, struct model_list *models,
                            const struct timelines *t)
{
    char error[1024];
    *c = (struct contenders){0};
    models_find(models, t->paths.servers);
    if (!models_select(models, t->models, "model", error, sizeof error))
        die_usage("--models: %s", error);
    for (size_t i = 0; i < models->count; i++)
        add_model(c, &models->at[i], t->connections);
    if (c->count == 0)
        die("there is no server to load");
}

static void free_contenders(struct contenders *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->at[i].options);
        free(c->at[i].label);
    }
    free(c->at);
}

/* A run under way. */
struct run {
    const struct timelines *t;
    const char *dir;
    struct placement placement;
    struct contenders contenders;
    FILE *series, *table;
    struct crash_lane *crashes; /* of those that were measured */
    struct hog_lane *hogs;
    struct slow_lane *slows;
    size_t count;
};

static struct timeline_setup setup_of(const struct run *r, const struct contender *c)
{
    return (struct timeline_setup){.model = &c->model,
                                   .options = c->options,
                                   .connections = r->t->connections,
                                   .before_ns = r->t->before_ns,
                                   .after_ns = r->t->after_ns,
                                   .cpu_us = r->t->cpu_us,
                                   .slow = r->t->slow,
                                   .placement = &r->placement,
                                   .loadgen = r->t->paths.loadgen,
                                   .dir = r->dir};
}

static bool measure_crash(struct run *r, const struct contender *c, char *reason, size_t size)
{
    struct timeline_setup setup = setup_of(r, c);
    struct crash_lane *lane = &r->crashes[r->count];
    if (!crash_measure(&setup, &lane->crash, reason, size))
        return false;
    lane->label = c->label;
    timeline_csv_put(r->series, c->label, &lane->crash.series);
    crash_csv_put(r->table, c->label, r->t->connections, &lane->crash);
    timeline_free(&lane->crash.series);
    char *text = crash_outcome(&lane->crash, r->t->connections);
    printf("  %-26s %s\n", c->label, text);
    free(text);
    return true;
}

static bool measure_hog(struct run *r, const struct contender *c, char *reason, size_t size)
{
    struct timeline_setup setup = setup_of(r, c);
    struct hog_lane *lane = &r->hogs[r->count];
    if (!hog_measure(&setup, &lane->hog, reason, size))
        return false;
    lane->label = c->label;
    timeline_csv_put(r->series, c->label, &lane->hog.series);
    hog_csv_put(r->table, c->label, r->t->connections, r->t->cpu_us, &lane->hog);
    timeline_free(&lane->hog.series);
    char *text = hog_outcome(&lane->hog);
    printf("  %-26s %s\n", c->label, text);
    free(text);
    return true;
}

static bool measure_slow(struct run *r, const struct contender *c, char *reason, size_t size)
{
    struct timeline_setup setup = setup_of(r, c);
    struct slow_lane *lane = &r->slows[r->count];
    if (!slow_clients_measure(&setup, &lane->slow, reason, size))
        return false;
    lane->label = c->label;
    timeline_csv_put(r->series, c->label, &lane->slow.series);
    slow_clients_csv_put(r->table, c->label, r->t->connections, r->t->slow, &lane->slow);
    timeline_free(&lane->slow.series);
    char *text = slow_clients_outcome(&lane->slow);
    printf("  %-26s %s\n", c->label, text);
    free(text);
    return true;
}

/* False where one of them could not be measured. */
static bool measure(struct run *r)
{
    bool good = true;
    for (size_t i = 0; i < r->contenders.count && !wait_was_interrupted(); i++) {
        const struct contender *c = &r->contenders.at[i];
        char reason[512] = "";
        bool measured = r->crashes ? measure_crash(r, c, reason, sizeof reason)
                        : r->hogs  ? measure_hog(r, c, reason, sizeof reason)
                                   : measure_slow(r, c, reason, sizeof reason);
        process_end_all(0);
        fflush(stdout);
        if (measured)
            r->count++;
        else if (!wait_was_interrupted())
            warn("%s: %s", c->label, reason);
        good = good && measured;
    }
    return good;
}

static char *outcome(const struct run *r, size_t i)
{
    return r->crashes ? crash_outcome(&r->crashes[i].crash, r->t->connections)
           : r->hogs  ? hog_outcome(&r->hogs[i].hog)
                      : slow_clients_outcome(&r->slows[i].slow);
}

static const char *label(const struct run *r, size_t i)
{
    return r->crashes ? r->crashes[i].label : r->hogs ? r->hogs[i].label : r->slows[i].label;
}

/* finding.txt: the finding, then a line for each server, its name before a tab. The picture takes
 * its words from the file, and the file says in words what the picture shows. */
static void write_finding(const struct run *r, const char *finding)
{
    char *path = text_format("%s/finding.txt", r->dir);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fprintf(f, "%s\n", finding);
    for (size_t i = 0; i < r->count; i++) {
        char *text = outcome(r, i);
        fprintf(f, "%s\t%s\n", label(r, i), text);
        free(text);
    }
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}

static void tell(const struct run *r)
{
    char error[512];
    if (r->count == 0)
        return;
    char *finding = r->crashes ? crash_finding(r->crashes, r->count, r->t->connections)
                    : r->hogs  ? hog_finding(r->hogs, r->count, r->t->cpu_us)
                               : slow_clients_finding(r->slows, r->count, r->t->slow);
    printf("\n%s\n", finding);
    fflush(stdout);
    write_finding(r, finding);
    free(finding);
    /* gnuplot takes a name without hyphens. */
    const char *name = r->slows ? "slow_clients" : r->t->name;
    if (!plot_draw(r->dir, r->t->paths.scripts, "timeline", name, "", r->t->connections, error,
                   sizeof error))
        warn("no picture: %s", error);
}

static int run(const struct timelines *t)
{
    struct model_list models;
    struct run r = {.t = t};
    bool crash = strcmp(t->name, "crash") == 0;
    bool hog = strcmp(t->name, "hog") == 0;
    own_descriptors_raise();
    find_contenders(&r.contenders, &models, t);
    placement_choose(&r.placement, 1);
    if (r.placement.shared)
        warn("server and generator share the CPUs: nothing here is the server's alone");
    char *dir = t->out ? xstrdup(t->out) : run_dir_make_new(t->paths.results, t->name);
    run_dir_make(dir);
    int lock = run_dir_lock(dir);
    r.dir = dir;
    r.series = timeline_csv_open(dir);
    r.table = crash ? crash_csv_open(dir)
              : hog ? hog_csv_open(dir)
                    : slow_clients_csv_open(dir);
    r.crashes = crash ? xcalloc(r.contenders.count, sizeof *r.crashes) : NULL;
    r.hogs = hog ? xcalloc(r.contenders.count, sizeof *r.hogs) : NULL;
    r.slows = crash || hog ? NULL : xcalloc(r.contenders.count, sizeof *r.slows);
    fprintf(stderr, "%s: %zu servers, results in %s\n", t->name, r.contenders.count, dir);
    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE, SIG_IGN);
    own_place_take(&r.placement.generator);
    bool good = measure(&r);
    own_priority_leave();
    timeline_csv_close(r.series, dir, "timeline.csv");
    timeline_csv_close(r.table, dir,
                       crash ? "crash.csv"
                       : hog ? "hog.csv"
                             : "slow-clients.csv");
    tell(&r);
    wait_release_signals();
    free(r.crashes);
    free(r.hogs);
    free(r.slows);
    free_contenders(&r.contenders);
    models_free(&models);
    if (lock >= 0)
        close(lock);
    free(dir);
    return wait_was_interrupted() ? 130 : good ? 0 : 1;
}

int command_crash(int argc, char **argv)
{
    struct timelines t = {.name = "crash",
                          .connections = 64,
                          .before_ns = 1200 * NS_PER_MS,
                          .after_ns = 1500 * NS_PER_MS};
    const struct command_line line = {
        .usage = "iomodels run crash [OPTIONS]\n",
        .about =
            "Load each model over some connections, and have one more client ask for /crash, which "
            "ends the process that serves it. Look in steps of 10 ms who is answered, which "
            "processes died, which are new, and whose connections were cut.",
        .notes =
            "Writes timeline.csv, crash.csv, finding.txt and a picture with a lane for each "
            "server. docs/timelines.md tells what the figures mean.",
        .tables = {crash_rows, paths_rows},
        .target = &t,
    };
    parse(&t, &line, argc, argv);
    return run(&t);
}

int command_hog(int argc, char **argv)
{
    struct timelines t = {.name = "hog",
                          .connections = 64,
                          .before_ns = NS_PER_S,
                          .after_ns = 2 * NS_PER_S,
                          .cpu_us = 200000};
    const struct command_line line = {
        .usage = "iomodels run hog [OPTIONS]\n",
        .about =
            "Load each model over some connections that ask for little, first alone, then beside "
            "one client that asks for much CPU again and again. Look in steps of 10 ms what the "
            "others get.",
        .notes = "Writes timeline.csv, hog.csv, finding.txt and a picture with a lane for each "
                 "server. docs/timelines.md tells what the figures mean.",
        .tables = {hog_rows, paths_rows},
        .target = &t,
    };
    parse(&t, &line, argc, argv);
    return run(&t);
}

int command_slow_clients(int argc, char **argv)
{
    struct timelines t = {.name = "slow-clients",
                          .connections = 64,
                          .before_ns = NS_PER_S,
                          .after_ns = 2 * NS_PER_S,
                          .slow = 256};
    const struct command_line line = {
        .usage = "iomodels run slow-clients [OPTIONS]\n",
        .about =
            "Load each model over connections of ten requests each, and let clients come that "
            "ask for 64 KiB and read a few bytes at a time. Look in steps of 10 ms what the "
            "others get.",
        .notes =
            "Writes timeline.csv, slow-clients.csv, finding.txt and a picture with a lane for "
            "each server. docs/timelines.md tells what the figures mean.",
        .tables = {slow_rows, paths_rows},
        .target = &t,
    };
    parse(&t, &line, argc, argv);
    return run(&t);
}
