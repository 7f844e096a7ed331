#include "bench/show/plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/show/comparison.h"
#include "bench/show/distribution.h"
#include "bench/show/explain_data.h"
#include "bench/show/gnuplot.h"
#include "common/clock.h"
#include "common/err.h"

const struct plot_script plot_scripts[] = {
    {"throughput",
     "Higher is better. Where the lines stay together, "
     "the service and the kernel's network stack cost more than the way of waiting."},
    {"latency_p50",
     "Lower is better. In a closed loop the median grows with the connections once the server "
     "is busy: by Little's law it is connections / throughput."},
    {"latency_p99",
     "Lower is better. One request in a hundred is slower than this; "
     "far above the median means that some connections wait while others are served."},
    {"latency_distribution",
     "The whole curve at one point: to the right the rare slow requests. "
     "Flat is good; a late rise is a tail."},
    {"cpu_per_request",
     "Lower is better: CPU of the server's whole process tree, user and kernel, "
     "divided by the answers in the window."},
    {"memory_per_connection",
     "Lower is better: growth of the server's proportional memory, all processes, "
     "with every connection open. Kernel memory (socket buffers, "
     "thread stacks in the kernel) is not in it."},
    {"comparison",
     "Each of our models beside servers of others that wait as it does; "
     "to the right is faster. The axis is logarithmic. What differs is not the waiting alone: "
     "theirs is another application, in part in another language."},
    {"explained",
     "Where the CPU time of a request goes: counts times unit costs of this machine, stacked; the "
     "mark is what was measured. What lies between the end of a bar and its mark is not "
     "explained."},
    {NULL, NULL},
};

/* "server on 1 CPU, load generator on 1": what a figure must not be read without. */
static char *cores_text(const struct environment *e)
{
    int server = e->placement.server_cpus;
    int generator = e->placement.generator_cpus;
    if (server == 0)
        return xstrdup("");
    if (!e->placement.shared)
        return text_format("server on %d CPU%s, load generator on %d", server, text_s(server),
                           generator);
    if (generator > 1)
        return text_format("server and load generator share all %d CPUs", generator);
    return xstrdup("server and load generator share one CPU");
}

/* More lines than this cannot be told apart in one picture. */
enum { NAMES_MAX = 24 };

/* Names of the servers that have a point in `protocol`, separated by spaces; without
 * `described`, those of bench/external are left out. */
static char *model_names(const struct results *r, enum protocol protocol, bool described,
                         size_t *count)
{
    *count = 0;
    char *names = xstrdup("");
    const char *last = "";
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != protocol || strcmp(p->model, last) == 0)
            continue;
        last = p->model;
        const struct run_server *server = environment_server(&r->environment, last);
        if (!described && server->external && !server->given)
            continue;
        ++*count;
        char *longer = text_format("%s%s%s", names, names[0] ? " " : "", last);
        free(names);
        names = longer;
    }
    return names;
}

struct picture {
    const char *dir;
    const char *scripts;
    const char *name;
    const char *protocol; /* its name */
    char *names;
    bool omitted; /* servers of others are not among the names */
    const char *cores;
    enum axis axis;
    unsigned at;
    char *no_png; /* why there are no PNGs, NO_PNG_MAX bytes; "" */
};

enum { NO_PNG_MAX = 160 };

/* One gnuplot for one picture; the script writes both the SVG and the PNG. */
static bool draw(const struct picture *p, char *error, size_t error_size)
{
    char point[AXIS_TEXT_MAX];
    char *scripts = gnuplot_string(p->scripts);
    char *names = gnuplot_string(p->names);
    char *set = text_format("dir='.'; scripts=%s; protocol='%s'; models=%s; cores='%s'; "
                            "point=%u; omitted=%d; name='%s_%s'; axis='%s'; axis_title='%s'; "
                            "point_text='%s'",
                            scripts, p->protocol, names, p->cores, p->at, p->omitted, p->name,
                            p->protocol, axis_info(p->axis)->name, axis_info(p->axis)->title,
                            axis_point_text(p->axis, p->at, point));
    char *script = text_format("%s.gp", p->name);
    char *svg = text_format("%s/plots/%s_%s.svg", p->dir, p->name, p->protocol);
    char *png = text_format("%s/plots/%s_%s.png", p->dir, p->name, p->protocol);
    char no_png[NO_PNG_MAX];
    bool good = gnuplot_run(p->scripts, script, set, p->dir, svg, no_png, sizeof no_png, error,
                            error_size);
    if (good && no_png[0]) {
        unlink(png); /* none of an earlier time may stay beside the SVG */
        snprintf(p->no_png, NO_PNG_MAX, "%s", no_png);
    }
    free(png);
    free(svg);
    free(script);
    free(set);
    free(names);
    free(scripts);
    return good;
}

/* False where this run does not tell enough. */
static bool explain(const struct results *r, enum protocol protocol)
{
    struct explanation e;
    char why[1024];
    explanation_make(&e, r, protocol, r->environment.scenario.rank, r->environment.unit_costs,
                     why, sizeof why);
    bool any = explain_data_write(r->dir, protocol, &e);
    explanation_free(&e);
    return any;
}

/* All pictures of one protocol. */
static bool draw_protocol(struct picture *p, const struct results *r, enum protocol protocol,
                          char *error, size_t error_size)
{
    size_t count;
    bool curve;
    p->protocol = protocol_names[protocol];
    p->names = model_names(r, protocol, true, &count);
    p->omitted = count > NAMES_MAX;
    if (p->omitted) {
        free(p->names);
        p->names = model_names(r, protocol, false, &count);
    }
    bool compared = comparison_write(r->dir, protocol, &r->ratios);
    bool explained = explain(r, protocol);
    bool good = distribution_write(r, protocol, &curve, error, error_size);
    for (const struct plot_script *s = plot_scripts; good && p->names[0] && s->name; s++) {
        p->name = s->name;
        if ((curve || strcmp(s->name, "latency_distribution") != 0) &&
            (compared || strcmp(s->name, "comparison") != 0) &&
            (explained || strcmp(s->name, "explained") != 0))
            good = draw(p, error, error_size);
    }
    free(p->names);
    return good;
}

static bool draw_all(const struct results *r, const char *scripts, char *error,
                     size_t error_size)
{
    char *cores = cores_text(&r->environment);
    char no_png[NO_PNG_MAX] = "";
    bool good = true;
    for (enum protocol p = 0; p < PROTOCOL_COUNT && good; p++) {
        struct picture picture = {.dir = r->dir,
                                  .scripts = scripts,
                                  .cores = cores,
                                  .axis = r->environment.scenario.axis,
                                  .at = r->environment.scenario.rank,
                                  .no_png = no_png};
        good = draw_protocol(&picture, r, p, error, error_size);
    }
    if (good && no_png[0])
        warn("%s; the SVGs are there", no_png);
    free(cores);
    return good;
}

/* DIR/plots, which may be there. */
static bool make_directory(const char *dir, char *error, size_t error_size)
{
    char *plots = text_format("%s/plots", dir);
    bool good = mkdir(plots, 0777) == 0 || errno == EEXIST;
    if (!good)
        snprintf(error, error_size, "cannot make %s: %s", plots, strerror(errno));
    free(plots);
    return good;
}

static bool draw_alone(struct picture *p, const char *scripts, char *error, size_t error_size)
{
    char no_png[NO_PNG_MAX] = "";
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    p->scripts = absolute;
    p->no_png = no_png;
    bool good =
        absolute && make_directory(p->dir, error, error_size) && draw(p, error, error_size);
    free(absolute);
    return good;
}

bool plot_draw(const char *dir, const char *scripts, const char *name, const char *of,
               const char *model, unsigned at, char *error, size_t error_size)
{
    char *names = xstrdup(model);
    struct picture p = {
        .dir = dir, .name = name, .protocol = of, .names = names, .cores = "", .at = at};
    bool good = draw_alone(&p, scripts, error, error_size);
    free(names);
    return good;
}

bool plots_draw(const struct results *r, const char *scripts, char *error, size_t error_size)
{
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    bool good = absolute && make_directory(r->dir, error, error_size) &&
                draw_all(r, absolute, error, error_size);
    free(absolute);
    return good;
}

bool plot_draw_one(const struct results *r, const char *scripts, const char *dir,
                   const char *name, enum protocol protocol, unsigned at, char *error,
                   size_t error_size)
{
    char *cores = cores_text(&r->environment);
    struct picture p = {.dir = dir,
                        .name = name,
                        .protocol = protocol_names[protocol],
                        .names = (char[]){""},
                        .cores = cores,
                        .axis = r->environment.scenario.axis,
                        .at = at};
    bool good = draw_alone(&p, scripts, error, error_size);
    free(cores);
    return good;
}
