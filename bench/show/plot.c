#include "bench/show/plot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/show/comparison.h"
#include "bench/show/distribution.h"
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
    unsigned connections;
    char *no_png; /* why there are no PNGs, NO_PNG_MAX bytes; "" */
};

enum { NO_PNG_MAX = 160 };

/* `text` as gnuplot takes it literally. The caller frees it. */
static char *gnuplot_string(const char *text)
{
    char *out = xmalloc(2 * strlen(text) + 3);
    char *to = out;
    *to++ = '\'';
    for (; *text; text++) {
        if (*text == '\'')
            *to++ = '\'';
        *to++ = *text;
    }
    strcpy(to, "'");
    return out;
}

/* gnuplot does not look whether its writes went well; and without its cairo terminal there is no
 * PNG, nor may one of an earlier time stay beside the SVG. */
static bool check_drawn(const struct picture *p, const struct process *g, char *error,
                        size_t error_size)
{
    char *svg = text_format("%s/plots/%s_%s.svg", p->dir, p->name, p->protocol);
    char *png = text_format("%s/plots/%s_%s.png", p->dir, p->name, p->protocol);
    char *said = process_errors(g);
    char *drawn = text_read_file(svg);
    char last[32] = "";
    if (drawn)
        text_last_line(drawn, last, sizeof last);
    bool good = strcmp(last, "</svg>") == 0;
    if (!good)
        snprintf(error, error_size, "gnuplot did not write the whole of %s", svg);
    const char *no_png = strstr(said, "no PNG: "); /* scripts/plots/style.gp */
    if (good && no_png) {
        unlink(png);
        snprintf(p->no_png, NO_PNG_MAX, "%.*s", (int)strcspn(no_png, "\n"), no_png);
    }
    free(drawn);
    free(said);
    free(png);
    free(svg);
    return good;
}

/* One gnuplot for one picture; the script writes both the SVG and the PNG. */
static bool draw(const struct picture *p, char *error, size_t error_size)
{
    char *scripts = gnuplot_string(p->scripts);
    char *names = gnuplot_string(p->names);
    char *set = text_format("dir='.'; scripts=%s; protocol='%s'; models=%s; cores='%s'; "
                            "point=%u; omitted=%d; name='%s_%s'",
                            scripts, p->protocol, names, p->cores, p->connections, p->omitted,
                            p->name, p->protocol);
    char *script = text_format("%s/%s.gp", p->scripts, p->name);
    /* -d: no gnuplotrc. In the run directory: its name is then part of no program. */
    const char *argv[] = {"gnuplot", "-d", "-e", set, script, NULL};
    struct process g;
    char end[400];

    process_start(&g,
                  &(struct process_spec){
                      .argv = argv, .input = -1, .extra = -1, .homeless = true, .dir = p->dir});
    bool good = process_wait(&g, clock_after(clock_ns(), 600 * NS_PER_S));
    if (!good) {
        snprintf(error, error_size, "gnuplot did not end within ten minutes: %s", script);
    } else if (g.status != 0) {
        good = false;
        process_end_reason(&g, end, sizeof end);
        bool absent = WIFEXITED(g.status) && WEXITSTATUS(g.status) == 127;
        snprintf(error, error_size,
                 absent ? "gnuplot is not installed (%s)" : "gnuplot failed: %s", end);
    }
    good = good && check_drawn(p, &g, error, error_size);
    process_destroy(&g);
    free(script);
    free(set);
    free(names);
    free(scripts);
    return good;
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
    bool good = distribution_write(r, protocol, &curve, error, error_size);
    for (const struct plot_script *s = plot_scripts; good && p->names[0] && s->name; s++) {
        p->name = s->name;
        if ((curve || strcmp(s->name, "latency_distribution") != 0) &&
            (compared || strcmp(s->name, "comparison") != 0))
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
                                  .connections = r->environment.scenario.rank,
                                  .no_png = no_png};
        good = draw_protocol(&picture, r, p, error, error_size);
    }
    if (good && no_png[0])
        warn("%s; the SVGs are there", no_png);
    free(cores);
    return good;
}

/* The scripts' directory by a path that holds from anywhere. The caller frees it. */
static char *find_scripts(const char *scripts, char *error, size_t error_size)
{
    char *absolute = realpath(scripts, NULL);
    if (!absolute) {
        snprintf(error, error_size, "cannot find the gnuplot scripts %s: %s", scripts,
                 strerror(errno));
    } else if (strchr(absolute, '\n')) {
        snprintf(error, error_size,
                 "a path of scripts with a line break in it cannot be handed to gnuplot");
        free(absolute);
        absolute = NULL;
    }
    return absolute;
}

bool plots_draw(const struct results *r, const char *scripts, char *error, size_t error_size)
{
    char *absolute = find_scripts(scripts, error, error_size);
    if (!absolute)
        return false;
    char *plots = text_format("%s/plots", r->dir);
    bool good = mkdir(plots, 0777) == 0 || errno == EEXIST;
    if (!good)
        snprintf(error, error_size, "cannot make %s: %s", plots, strerror(errno));
    good = good && draw_all(r, absolute, error, error_size);
    free(plots);
    free(absolute);
    return good;
}
