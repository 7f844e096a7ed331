/* iomodels trace: one story, told by every model, and every system call that it took. */
#include <errno.h>
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
#include "bench/show/ladder.h"
#include "bench/show/stepper.h"
#include "bench/show/trace_text.h"
#include "bench/trace/files.h"
#include "bench/trace/rows.h"
#include "bench/trace/trace.h"
#include "common/err.h"

/* A story has few clients. */
enum { WORKERS_MOST = 2 };

struct trace_options {
    struct paths paths; /* first: paths_rows */
    const char *script;
    const char *out;
    const char *options;
    unsigned workers;
    bool print_script;
};

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "script", "FILE",
     "the story (default: the one that --print-script prints)",
     OPTION_FIELD(struct trace_options, script)},
    {OPTION_FLAG, 0, "print-script", NULL, "print the default story, and exit",
     OPTION_FIELD(struct trace_options, print_script)},
    {OPTION_TEXT, 'o', "out", "DIR",
     "write to DIR stepper.html, and for each model ladder.svg, trace.csv and trace.json; DIR is "
     "made if need be",
     OPTION_FIELD(struct trace_options, out)},
    {OPTION_NUMBER, 0, "workers", "N",
     "of the models that have workers (as many as they have, and two at most)",
     OPTION_FIELD(struct trace_options, workers), .low = 1, .high = 64},
    {OPTION_TEXT, 0, "options", "'WORDS'",
     "options of the servers, as in --options --needless-ctl; a shell's quotes are understood",
     OPTION_FIELD(struct trace_options, options)},
    {0},
};

_Static_assert(offsetof(struct trace_options, paths) == 0, "paths_rows");

static int parse(struct trace_options *o, int argc, char **argv)
{
    *o = (struct trace_options){0};
    const struct command_line line = {
        .usage = "iomodels trace MODEL... [OPTIONS]\n",
        .about =
            "Tell each model the same story, in which three clients do one thing after another "
            "to the server: one sends half a request and thinks, one is quick, one reads "
            "slowly. strace(1) records every system call of the server meanwhile. The story is "
            "printed as each model lived it. 'all' are all models.",
        .notes =
            "It takes strace and the right to trace (ptrace(2)). Exit status 1: a model could "
            "not be traced, or a step of the story failed. docs/trace.md explains stories, "
            "ladders and files.",
        .tables = {rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    paths_find(&o->paths);
    return at;
}

/* The models that are asked for, in the textbook's order. */
static void find_models(struct model_list *models, const struct trace_options *o, int argc,
                        char **argv, int at)
{
    char error[1024];
    char *names = xstrdup("");
    for (int i = at; i < argc; i++) {
        char *more = text_format("%s%s%s", names, i > at ? "," : "", argv[i]);
        free(names);
        names = more;
    }
    models_find(models, o->paths.servers);
    if (!models_select(models, names, "model", error, sizeof error))
        die_usage("%s", error);
    free(names);
    for (size_t i = 0; i < models->count; i++)
        if (o->options &&
            !models_describe_with(&models->at[i], o->options, error, sizeof error))
            die_usage("--options: %s", error);
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        die_errno("cannot make %s", path);
}

/* False where there is no picture: without gnuplot the data are there all the same. */
static bool write_files(const struct trace_options *o, const struct trace *t)
{
    char error[1024];
    char *dir = text_format("%s/%s", o->out, t->model->name);
    char *svg = text_format("%s/ladder.svg", dir);
    char *csv = text_format("%s/trace.csv", dir);
    char *json = text_format("%s/trace.json", dir);
    make_directory(dir);
    trace_csv_write(csv, t);
    trace_json_write(json, t);
    bool drawn = ladder_draw(t, o->paths.scripts, svg, error, sizeof error);
    if (!drawn)
        warn("no ladder of %s: %s", t->model->name, error);
    free(json);
    free(csv);
    free(svg);
    free(dir);
    return drawn;
}

/* `models` gets what the stepper shows. */
static bool trace_model(const struct trace_options *o, const struct trace_setup *setup,
                        json_t *models)
{
    struct trace t;
    struct rows r;
    char error[1024];
    char *dir = paths_temporary("trace", error, sizeof error);
    if (!dir)
        die("%s", error);
    bool good = trace_record(&t, setup, dir, error, sizeof error);
    rmdir(dir);
    free(dir);
    if (good) {
        rows_make(&r, &t);
        trace_tell(stdout, &t, &r);
        fflush(stdout);
        rows_free(&r);
        json_array_append_new(models, stepper_model(&t, setup->workers));
        good = !o->out || write_files(o, &t);
    } else if (!wait_was_interrupted()) {
        warn("%s cannot be traced: %s", setup->model->name, error);
    }
    trace_free(&t);
    return good;
}

static void write_stepper(const struct trace_options *o, const struct script *script,
                          json_t *told)
{
    char error[1024];
    char *path = text_format("%s/stepper.html", o->out);
    if (!stepper_write(path, script, told, error, sizeof error))
        die("%s", error);
    free(path);
}

/* 0: the model has none. */
static unsigned workers_of(const struct model *m, unsigned asked)
{
    unsigned few = m->workers < WORKERS_MOST ? m->workers : WORKERS_MOST;
    return m->workers > 0 && asked > 0 ? asked : few;
}

/* `named`: each model was asked for by its name, so that none may be left out. */
static bool trace_all(const struct trace_options *o, const struct model_list *models,
                      const struct script *script, bool named)
{
    struct placement placement;
    bool good = true;
    placement_choose(&placement, 1);
    json_t *told = json_array();
    if (o->out)
        make_directory(o->out);
    for (size_t i = 0; i < models->count && !wait_was_interrupted(); i++) {
        const struct model *m = &models->at[i];
        struct trace_setup setup = {.model = m,
                                    .options = o->options,
                                    .workers = workers_of(m, o->workers),
                                    .script = script,
                                    .cpus = &placement.server};
        if (m->unsupported)
            warn("%s cannot run here: %s", m->name, m->unsupported);
        if (m->unsupported ? named : !trace_model(o, &setup, told))
            good = false;
    }
    if (o->out && json_array_size(told) > 0)
        write_stepper(o, script, told);
    else
        json_decref(told);
    return good;
}

int command_trace(int argc, char **argv)
{
    struct trace_options o;
    struct model_list models;
    struct script script;
    char error[1024];
    int at = parse(&o, argc, argv);
    if (o.print_script) {
        printf("%s", script_default());
        return 0;
    }
    if (at >= argc)
        die_usage("trace needs a model; 'iomodels list' shows those there are");
    if (!script_read(&script, o.script, error, sizeof error))
        die("%s", error);
    find_models(&models, &o, argc, argv, at);
    own_descriptors_raise();
    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE, SIG_IGN);
    bool named = true;
    for (int i = at; i < argc; i++)
        named &= strcmp(argv[i], "all") != 0;
    bool good = trace_all(&o, &models, &script, named);
    wait_release_signals();
    script_free(&script);
    models_free(&models);
    return wait_was_interrupted() ? 130 : good ? 0 : 1;
}
