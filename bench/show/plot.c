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
#include "bench/show/line_pictures.h"
#include "bench/show/overview.h"
#include "bench/show/panels.h"
#include "bench/show/ranking_picture.h"
#include "common/err.h"

const struct plot_script plot_scripts[] = {
    {"overview", "overview",
     "Each cell is a model's requests per second relative to the fastest at that point. What is "
     "outlined cannot be told from the fastest."},
    {"ranking", "ranking",
     "To the right is faster. A bar is the interval of the figure; a bracket holds models that "
     "this run does not tell from the first of them."},
    {"throughput", "panels",
     "Higher is better. Where the lines stay together, "
     "the service and the kernel's network stack cost more than the way of waiting."},
    {"latency_p50", "panels",
     "Lower is better. In a closed loop the median grows with the connections once the server "
     "is busy: by Little's law it is connections / throughput."},
    {"latency_p99", "panels",
     "Lower is better. One request in a hundred is slower than this; "
     "far above the median means that some connections wait while others are served."},
    {"latency_distribution", "panels",
     "The whole curve at one point: to the right the rare slow requests. "
     "Flat is good; a late rise is a tail."},
    {"cpu_per_request", "panels",
     "Lower is better: CPU of the server's whole process tree, user and kernel, "
     "divided by the answers in the window."},
    {"memory_per_connection", "panels",
     "Lower is better: growth of the server's proportional memory, all processes, "
     "with every connection open. Kernel memory (socket buffers, "
     "thread stacks in the kernel) is not in it."},
    {"comparison", "comparison",
     "Each of our models beside servers of others that wait as it does; "
     "to the right is faster. The axis is logarithmic. What differs is not the waiting alone: "
     "theirs is another application, in part in another language."},
    {"explained", "explained",
     "Where the CPU time of a request goes: counts times unit costs of this machine, stacked; "
     "the mark is what was measured. What lies between the end of a bar and its mark is not "
     "explained."},
    {NULL, NULL, NULL},
};

/* More lines than this make the panels crowded: then servers of others are left out. */
enum { NAMES_MAX = 24 };

static bool is_drawn(const struct results *r, const char *model)
{
    const struct run_server *server = environment_server(&r->environment, model);
    return !server->external || server->given;
}

static size_t count_models(const struct results *r, enum protocol protocol)
{
    size_t count = 0;
    const char *last = "";
    for (size_t i = 0; i < r->summary.count; i++) {
        const struct summary_point *p = &r->summary.at[i];
        if (p->protocol != protocol || strcmp(p->model, last) == 0)
            continue;
        last = p->model;
        count++;
    }
    return count;
}

enum { NO_PNG_MAX = 160 };

/* Where pictures are drawn, and whether PNGs could be. */
struct studio {
    const char *dir;
    const char *scripts;
    char no_png[NO_PNG_MAX]; /* why there are no PNGs; "" */
};

/* One gnuplot for one picture; the script writes both the SVG and the PNG. */
static bool draw(struct studio *s, const char *name, const char *script, const char *set,
                 char *error, size_t error_size)
{
    char *scripts = gnuplot_string(s->scripts);
    char *all = text_format("dir='.'; scripts=%s; name='%s'; %s", scripts, name, set);
    char *file = text_format("%s.gp", script);
    char *svg = text_format("%s/plots/%s.svg", s->dir, name);
    char *png = text_format("%s/plots/%s.png", s->dir, name);
    char no_png[NO_PNG_MAX];
    bool good = gnuplot_run(s->scripts, file, all, s->dir, svg, no_png, sizeof no_png, error,
                            error_size);
    if (good && no_png[0]) {
        unlink(png); /* none of an earlier time may stay beside the SVG */
        snprintf(s->no_png, NO_PNG_MAX, "%s", no_png);
    }
    free(png);
    free(svg);
    free(file);
    free(all);
    free(scripts);
    return good;
}

/* A picture that is to be drawn: its data is in DIR/plots/NAME.tsv by then. */
struct material {
    bool any; /* else there is nothing to draw */
    struct caption caption;
    char *set; /* what gnuplot is told besides the caption */
};

typedef bool drawn_fn(const struct results *r, const char *model);

static bool panels_material(const struct results *r, enum protocol protocol, drawn_fn *drawn,
                            const char *name, const char *path, struct material *m, char *error,
                            size_t error_size)
{
    struct panels panels;
    bool good = true;
    if (!line_picture(name, r, protocol, drawn, &m->caption, &panels))
        good =
            distribution_picture(r, protocol, drawn, &m->caption, &panels, error, error_size);
    m->any = good && panels.count > 0;
    if (m->any) {
        panels_write(&panels, path);
        m->set = panels_set(&panels);
    }
    panels_free(&panels);
    return good;
}

static void overview_material(const struct results *r, enum protocol protocol, drawn_fn *drawn,
                              const char *path, struct material *m)
{
    struct overview o;
    overview_make(&o, r, protocol, drawn);
    m->any = o.rows > 0 && o.columns > 1; /* of one point the ranking shows more */
    if (m->any)
        overview_picture(&o, r, protocol, path, &m->caption, &m->set);
    overview_free(&o);
}

static void explained_material(const struct results *r, enum protocol protocol,
                               struct material *m)
{
    struct explanation e;
    char why[1024];
    explanation_make(&e, r, protocol, r->environment.scenario.rank, r->environment.unit_costs,
                     why, sizeof why);
    m->any = explain_data_write(r->dir, protocol, &e);
    if (m->any)
        m->caption = explain_caption(r, protocol, &e);
    explanation_free(&e);
}

static bool make(const struct results *r, enum protocol protocol, const struct plot_script *s,
                 const char *path, struct material *m, char *error, size_t error_size)
{
    drawn_fn *drawn = count_models(r, protocol) > NAMES_MAX ? is_drawn : NULL;
    *m = (struct material){0};
    if (strcmp(s->script, "panels") == 0)
        return panels_material(r, protocol, drawn, s->name, path, m, error, error_size);
    if (strcmp(s->name, "overview") == 0)
        overview_material(r, protocol, drawn, path, m);
    else if (strcmp(s->name, "ranking") == 0)
        m->any = ranking_picture(r, protocol, path, &m->caption, &m->set);
    else if (strcmp(s->name, "explained") == 0)
        explained_material(r, protocol, m);
    else if ((m->any = comparison_write(r->dir, protocol, &r->ratios)))
        m->caption = comparison_caption(r, protocol);
    return true;
}

/* One picture of the run, with its data and its text. */
static bool draw_one(struct studio *studio, const struct results *r, enum protocol protocol,
                     const struct plot_script *s, char *error, size_t error_size)
{
    char *name = text_format("%s_%s", s->name, protocol_names[protocol]);
    char *data = text_format("%s/plots/%s.tsv", r->dir, name);
    char *text = text_format("%s/plots/%s.txt", r->dir, name);
    struct material m;
    bool good = make(r, protocol, s, data, &m, error, error_size);
    if (good && m.any) {
        caption_write(&m.caption, text);
        char *caption = caption_set(&m.caption);
        char *set = text_format("%s; %s", caption, m.set ? m.set : "");
        good = draw(studio, name, s->script, set, error, error_size);
        free(set);
        free(caption);
    }
    caption_free(&m.caption);
    free(m.set);
    free(text);
    free(data);
    free(name);
    return good;
}

static bool draw_all(const struct results *r, const char *scripts, char *error,
                     size_t error_size)
{
    struct studio studio = {.dir = r->dir, .scripts = scripts};
    bool good = true;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        for (const struct plot_script *s = plot_scripts; good && s->name; s++)
            if (count_models(r, p) > 0)
                good = draw_one(&studio, r, p, s, error, error_size);
    if (good && studio.no_png[0])
        warn("%s; the SVGs are there", studio.no_png);
    return good;
}

bool plot_make_directory(const char *dir, char *error, size_t error_size)
{
    char *plots = text_format("%s/plots", dir);
    bool good = mkdir(plots, 0777) == 0 || errno == EEXIST;
    if (!good)
        snprintf(error, error_size, "cannot make %s: %s", plots, strerror(errno));
    free(plots);
    return good;
}

/* DIR/plots/NAME_OF, by the script NAME. */
static bool draw_alone(const char *dir, const char *scripts, const char *name, const char *of,
                       const char *set, char *error, size_t error_size)
{
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    char *full = text_format("%s_%s", name, of);
    struct studio studio = {.dir = dir, .scripts = absolute};
    bool good = absolute && plot_make_directory(dir, error, error_size) &&
                draw(&studio, full, name, set, error, error_size);
    free(full);
    free(absolute);
    return good;
}

bool plot_draw(const char *dir, const char *scripts, const char *name, const char *of,
               const char *model, unsigned connections, char *error, size_t error_size)
{
    char *quoted = gnuplot_string(model);
    char *set = text_format("models=%s; point=%u", quoted, connections);
    bool good = draw_alone(dir, scripts, name, of, set, error, error_size);
    free(set);
    free(quoted);
    return good;
}

bool plot_draw_one(const char *scripts, const char *dir, const char *name,
                   enum protocol protocol, const struct caption *caption, char *error,
                   size_t error_size)
{
    char *set = caption_set(caption);
    bool good =
        draw_alone(dir, scripts, name, protocol_names[protocol], set, error, error_size);
    free(set);
    return good;
}

bool plot_draw_by(const char *dir, const char *scripts, const char *script, const char *name,
                  const char *set, const struct caption *caption, char *error,
                  size_t error_size)
{
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    char *text = text_format("%s/plots/%s.txt", dir, name);
    char *words = caption_set(caption);
    char *all = text_format("%s; %s", words, set);
    struct studio studio = {.dir = dir, .scripts = absolute};
    bool good = absolute && draw(&studio, name, script, all, error, error_size);
    if (good)
        caption_write(caption, text);
    free(all);
    free(words);
    free(text);
    free(absolute);
    return good;
}

bool plots_draw(const struct results *r, const char *scripts, char *error, size_t error_size)
{
    char *absolute = gnuplot_find_scripts(scripts, error, error_size);
    bool good = absolute && plot_make_directory(r->dir, error, error_size) &&
                draw_all(r, absolute, error, error_size);
    free(absolute);
    return good;
}
