/* iomodels duel: which of two servers is faster. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/commands/duel_options.h"
#include "bench/duel/duel_files.h"
#include "bench/plan/external_list.h"
#include "bench/show/duel_picture.h"
#include "bench/show/duel_text.h"
#include "bench/trial/judge.h"
#include "bench/trial/perf.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/random.h"

struct files {
    json_t *json;
    FILE *windows;
};

/* The contestants borrow from `externals`. */
static void find_sides(struct duel_spec *spec, const struct duel_options *o,
                       struct model_list *externals)
{
    char error[1024];
    if (!externals_find(externals, o->paths.external, error, sizeof error))
        warn("%s", error);
    for (int i = 0; i < 2; i++) {
        struct contestant *c = &spec->contestants[i];
        if (!contestant_find(c, o->sides[i], o->paths.servers, externals, error, sizeof error))
            die_usage("%s", error);
        const struct model *m = &c->model;
        if (m->max_connections > 0 && o->at.at > m->max_connections)
            die_usage("%s holds %u connections at most", c->text, m->max_connections);
        if (!judge_holds_all(m, o->at.at))
            die_usage("%s serves %u connection%s at a time; --at %s,%u asks for no more",
                      c->text, m->concurrency, text_s(m->concurrency),
                      protocol_names[o->at.protocol], m->concurrency);
        if (m->external && !m->external->protocols[o->at.protocol])
            die_usage("%s does not serve %s", c->text, protocol_names[o->at.protocol]);
    }
}

static void fill_spec(struct duel_spec *spec, struct duel_options *o,
                      const struct placement *placement)
{
    unsigned threads =
        (unsigned)(placement->generator_count < 4 ? placement->generator_count : 4);
    if (!o->seeded && getrandom(&o->seed, sizeof o->seed, 0) != sizeof o->seed)
        die_errno("cannot draw a seed");
    *spec = (struct duel_spec){.protocol = o->at.protocol,
                               .connections = o->at.at,
                               .threads = threads < o->at.at ? threads : o->at.at,
                               .path = o->path,
                               .payload = o->payload,
                               .metric = o->metric,
                               .margin = log1p(o->within),
                               .budget_ns = o->budget_ns,
                               .window_ns = o->window_ns,
                               .pairs = o->pairs,
                               .sessions = o->sessions,
                               .whole = o->whole,
                               .seed = o->seed,
                               .placement = placement,
                               .loadgen = o->paths.loadgen};
    bool counters[PERF_COUNTERS];
    char reason[512];
    perf_probe(counters, reason, sizeof reason);
    spec->perf_clock = counters[PERF_TASK_CLOCK];
}

/* An external server gets our answer as a file of its own, and must say the same. */
static bool ask_ours(const struct duel_options *o, const struct placement *placement,
                     struct answer *answer)
{
    char reason[400] = "";
    char *path = text_format("%s/epoll-lt", o->paths.servers);
    struct model ours = {.name = "epoll-lt", .path = path};
    struct scenario s = {.path = (char *)o->path, .payload = o->payload};
    enum server_result result = server_ask(&ours, &s, o->at.protocol, &placement->server,
                                           answer, reason, sizeof reason);
    free(path);
    if (result != SERVER_OK && result != SERVER_INTERRUPTED)
        die("cannot ask epoll-lt what the external server is to answer: %s", reason);
    return result == SERVER_OK;
}

/* The file, empty: that it cannot be written is told before the duel, not after it. */
static FILE *open_file(const char *path)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    return f;
}

static void close_file(FILE *f, const char *path)
{
    if (!text_close(f))
        die_errno("cannot write %s", path);
}

static bool hold_one(struct files *files, const struct duel_spec *spec,
                     const struct duel_options *o, unsigned number, unsigned *verdicts)
{
    struct duel d;
    char error[600];
    bool good = duel_run(&d, spec);
    if (files->windows)
        duel_csv_add(files->windows, number, &d);
    if (good) {
        char *line = duel_line(&d);
        puts(line);
        fflush(stdout);
        free(line);
        for (int i = 0; i < 2; i++)
            if (duel_generator_limits(&d, i))
                warn(
                    "the load generator may be the limit of %c: it was %.0f %% busy, the server "
                    "%.0f %%",
                    "AB"[i], 100 * d.generator_busy[i], 100 * d.server_busy[i]);
        duel_json_add(files->json, &d);
        verdicts[d.look.verdict]++;
    } else if (d.interrupted) {
        warn("interrupted after %zu session%s", d.session_count,
             text_s((double)d.session_count));
    } else {
        warn("the duel failed after %zu session%s: %s", d.session_count,
             text_s((double)d.session_count), d.reason);
    }
    /* Without its picture the duel keeps its other files. */
    if (good && o->plot && number == o->repeat &&
        !duel_draw(&d, o->paths.scripts, o->plot, error, sizeof error)) {
        warn("%s", error);
        good = false;
    }
    duel_free(&d);
    return good;
}

static bool hold_all(struct files *files, struct duel_spec *spec, const struct duel_options *o)
{
    unsigned verdicts[DUEL_VERDICTS] = {0};
    bool good = true;
    for (unsigned i = 1; i <= o->repeat && good; i++) {
        spec->seed = i == 1 ? o->seed : random_stream(o->seed, i);
        good = hold_one(files, spec, o, i, verdicts);
    }
    if (good && o->repeat > 1) {
        char *line = duel_sum(verdicts, strcmp(o->sides[0], o->sides[1]) == 0);
        puts(line);
        free(line);
    }
    return good;
}

static int hold(struct duel_spec *spec, const struct duel_options *o)
{
    FILE *json = o->json ? open_file(o->json) : NULL;
    struct files files = {.json = duel_json_begin(spec),
                          .windows = o->windows ? open_file(o->windows) : NULL};
    if (files.windows)
        duel_csv_head(files.windows);
    bool good = hold_all(&files, spec, o);
    if (files.windows)
        close_file(files.windows, o->windows);
    if (json) {
        json_dumpf(files.json, json, JSON_INDENT(2));
        fputc('\n', json);
        close_file(json, o->json);
    }
    json_decref(files.json);
    return good ? 0 : wait_was_interrupted() ? 130 : 1;
}

int command_duel(int argc, char **argv)
{
    struct duel_options o;
    struct duel_spec spec;
    struct placement placement;
    struct model_list externals;
    struct answer answer = {0};
    int status = 130;
    duel_options_parse(&o, argc, argv);
    own_descriptors_raise();
    placement_choose(&placement, 1);
    fill_spec(&spec, &o, &placement);
    find_sides(&spec, &o, &externals);
    if (access(o.paths.loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", o.paths.loadgen);

    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE, SIG_IGN);
    own_place_take(&placement.generator);
    bool external = spec.contestants[0].model.external || spec.contestants[1].model.external;
    spec.answer = &answer;
    if (!external || ask_ours(&o, &placement, &answer))
        status = hold(&spec, &o);
    own_priority_leave();
    wait_release_signals();
    answer_free(&answer);
    for (int i = 0; i < 2; i++)
        contestant_free(&spec.contestants[i]);
    models_free(&externals);
    return status;
}
