/* iomodels profile: which system calls a model makes for a request, and in which order. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/base/process.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/show/profile_text.h"
#include "bench/trial/judge.h"
#include "bench/trial/profile.h"
#include "common/clock.h"
#include "common/err.h"

/* Of a model that never sleeps a request has no end. */
enum { LIFE_LINES = 40 };

struct profile_options {
    struct paths paths; /* first: paths_rows */
    const char *options;
    const char *path;
    unsigned protocol;
    unsigned connections;
    uint64_t payload;
    uint64_t window_ns;
    bool no_life;
};

static const char *const protocols[] = {
    [PROTOCOL_HTTP] = "http", [PROTOCOL_ECHO] = "echo", NULL};

static bool set_path(void *target, const char *value)
{
    ((struct profile_options *)target)->path = value;
    return value[0] == '/';
}

static const struct option_row rows[] = {
    {OPTION_NUMBER, 'c', "connections", "N", "how many connections load the server (64)",
     OPTION_FIELD(struct profile_options, connections), .low = 1, .high = 10000},
    {OPTION_TIME, 'd', "duration", "TIME", "how long they do (500ms)",
     OPTION_FIELD(struct profile_options, window_ns), .low = NS_PER_MS, .high = 60 * NS_PER_S},
    {OPTION_WORD, 0, "protocol", "http|echo", "what the server speaks (http)",
     OPTION_FIELD(struct profile_options, protocol), .words = protocols,
     .expects = "http or echo"},
    {OPTION_CALL, 0, "path", "PATH", "what http asks for (/)", .call = set_path,
     .expects = "a path that begins with /"},
    {OPTION_SIZE, 0, "payload", "BYTES", "size of an echo message (64)",
     OPTION_FIELD(struct profile_options, payload), .low = 1, .high = 1 << 20},
    {OPTION_TEXT, 0, "options", "'WORDS'",
     "options of the server, as in --options '--workers 4'; a shell's quotes are understood",
     OPTION_FIELD(struct profile_options, options)},
    {OPTION_FLAG, 0, "no-life", NULL, "count alone, without the sequence of calls",
     OPTION_FIELD(struct profile_options, no_life)},
    {0},
};

_Static_assert(offsetof(struct profile_options, paths) == 0, "paths_rows");

static const char *parse(struct profile_options *o, int argc, char **argv)
{
    *o = (struct profile_options){
        .path = "/", .connections = 64, .payload = 64, .window_ns = 500 * NS_PER_MS};
    const struct command_line line = {
        .usage = "iomodels profile MODEL [OPTIONS]\n",
        .about =
            "Count the system calls of a model by name, for each request under a load, by the "
            "tracepoints of the kernel. Then print one request's life: the calls that it takes, "
            "in their order, as strace(1) sees them.",
        .notes =
            "The tracepoints need tracefs (/sys/kernel/tracing) and the right to use perf. "
            "Without them, or without strace, the other half is printed. Exit status 1: "
            "neither can be had, or the server failed. docs/profile.md explains the output.",
        .operand = "MODEL",
        .tables = {rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    if (at >= argc)
        die_usage("profile needs a model; 'iomodels list' shows those there are");
    if (at + 1 < argc)
        die_usage("profile takes one model; '%s' is one too many", argv[at + 1]);
    paths_find(&o->paths);
    return argv[at];
}

static struct model *find_model(struct model_list *models, const struct profile_options *o,
                                const char *name)
{
    char error[1024];
    models_find(models, o->paths.servers);
    if (!models_select(models, name, "model", error, sizeof error))
        die_usage("%s", error);
    if (models->count != 1)
        die_usage("'%s' is not the name of one model", name);
    struct model *m = &models->at[0];
    if (o->options && !models_describe_with(m, o->options, error, sizeof error))
        die_usage("--options: %s", error);
    if (m->unsupported)
        die("%s cannot run here: %s", m->name, m->unsupported);
    if (m->max_connections > 0 && o->connections > m->max_connections)
        die_usage("--connections: %s holds at most %u", m->name, m->max_connections);
    return m;
}

static bool count(const struct profile_setup *setup)
{
    struct profile_counts counts;
    char reason[512];
    if (!profile_count(setup, &counts, reason, sizeof reason)) {
        if (!wait_was_interrupted())
            warn("%s: %s", setup->model->name, reason);
        return false;
    }
    profile_tell(stdout, setup, &counts);
    fflush(stdout);
    return true;
}

/* Whether calls can be counted by name; else says why not. */
static bool names_can_be_had(void)
{
    bool counters[PERF_COUNTERS];
    char why[512];
    perf_probe(counters, why, sizeof why);
    if (!counters[PERF_SYSCALLS])
        warn("no system calls by name: %s", why);
    return counters[PERF_SYSCALLS];
}

static bool follow(const struct profile_setup *setup)
{
    struct life life;
    char reason[512];
    char *dir = paths_temporary("profile", reason, sizeof reason);
    bool good = dir && life_trace(setup, dir, &life, reason, sizeof reason);
    if (good) {
        life_tell(stdout, &life, LIFE_LINES);
        fflush(stdout);
        life_free(&life);
    } else if (!wait_was_interrupted()) {
        warn("no request's life (it takes strace): %s", reason);
    }
    if (dir)
        rmdir(dir);
    free(dir);
    return good;
}

int command_profile(int argc, char **argv)
{
    struct profile_options o;
    struct model_list models;
    struct placement placement;
    const char *name = parse(&o, argc, argv);
    own_descriptors_raise();
    const struct model *m = find_model(&models, &o, name);
    if (access(o.paths.loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", o.paths.loadgen);
    placement_choose(&placement, 1);
    struct profile_setup setup = {.model = m,
                                  .options = o.options,
                                  .protocol = (enum protocol)o.protocol,
                                  .path = o.path,
                                  .payload = o.payload,
                                  .connections = o.connections,
                                  .window_ns = o.window_ns,
                                  .placement = &placement,
                                  .loadgen = o.paths.loadgen,
                                  .may_lose = !judge_holds_all(m, o.connections)};
    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE, SIG_IGN);
    bool named = names_can_be_had();
    own_place_take(&placement.generator);
    bool counted = count(&setup);
    bool followed = counted && !o.no_life && !wait_was_interrupted() && follow(&setup);
    own_priority_leave();
    wait_release_signals();
    models_free(&models);
    return wait_was_interrupted() ? 130 : counted && (named || followed) ? 0 : 1;
}
