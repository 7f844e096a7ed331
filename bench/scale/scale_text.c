#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/scale/scale_report.h"

static const double mib = 1024, gib = 1024.0 * 1024.0;

enum { CACHES_PRINTED = 6 };

static void print_answers(FILE *f, const struct scale_point *p)
{
    static const char *const moments[SCALE_MOMENTS] = {"before them", "while they are silent",
                                                       "while they ask"};
    char text[4][32];

    fprintf(
        f, "  Answered      each %.0f times or more while all were open: %s answers, %s/s\n",
        p->answers, figure_thousands(p->requests, text[0]), figure_thousands(p->rate, text[1]));
    fprintf(f, "  CPU           %s of the servers for an answer\n",
            figure_time(p->cpu_us, text[0]));
    for (int i = 0; i < SCALE_MOMENTS; i++) {
        const struct scale_honest *h = &p->honest[i];
        if (!h->there)
            continue;
        fprintf(f, "  Honest        p50 %s, p99 %s, max %s, of %s answers %s%s%s\n",
                figure_time(h->p50_us, text[0]), figure_time(h->p99_us, text[1]),
                figure_time(h->max_us, text[2]), figure_thousands(h->requests, text[3]),
                moments[i], strcmp(h->verdict, "ok") ? "; verdict: " : "",
                strcmp(h->verdict, "ok") ? h->verdict : "");
        if (h->failed > 0)
            fprintf(f, "                %s of these clients' requests failed%s%s\n",
                    figure_thousands(h->failed, text[0]), h->cause[0] ? ": " : "", h->cause);
    }
}

static void print_each(FILE *f, const struct scale_point *p)
{
    struct scale_each each = scale_each(p);
    struct slab grown[CACHES_PRINTED];
    const struct {
        const char *name;
        double kib;
    } rows[] = {{"server, user", each.servers},
                {"load generator, user", each.generators},
                {"kernel, both ends: objects", each.slab},
                {"kernel stacks", each.stacks},
                {"page tables", each.page_tables},
                {"sum", each.sum},
                {"of the whole machine", each.used}};

    fprintf(f, "  Memory of one connection, KiB\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fprintf(f, "    %-28s %8.3f\n", rows[i].name, rows[i].kib);
    size_t n = slabs_grown(&p->before.slabs, &p->held.slabs, grown, CACHES_PRINTED);
    fprintf(f, n > 0 ? "  Objects, KiB " : "");
    for (size_t i = 0; i < n; i++)
        fprintf(f, " %s %.3f%s", grown[i].name, grown[i].kib / p->shape.connections,
                i + 1 < n ? "," : "\n");
}

void scale_print(FILE *f, const struct scale_setup *setup, const struct scale_point *p)
{
    char text[3][32];

    fprintf(f, "%s: %s connections over %s, %u server%s and %u load generator%s\n",
            setup->model->name, figure_thousands(p->shape.connections, text[0]),
            protocol_names[setup->protocol], p->shape.pairs, text_s(p->shape.pairs),
            p->shape.pairs, text_s(p->shape.pairs));
    fprintf(f, "  Connected     in %.2f s, each with one answer: %s/s\n", p->connect_s,
            figure_thousands(p->shape.connections / p->connect_s, text[0]));
    if (p->crowd)
        print_answers(f, p);
    print_each(f, p);
    fprintf(f, "  Sockets       %s, %.1f MiB of bytes in them\n",
            figure_thousands(p->held.sockets, text[0]), p->held.buffers / mib);
    fprintf(f, "  Free          %.2f GiB of memory at the least\n", p->least / gib);
}

/* 0 where it cannot be read. */
static double limit(const char *path)
{
    char *text = text_read_file(path);
    double value = text ? strtod(text, NULL) : 0;
    free(text);
    return value;
}

static void print_needs(FILE *f, const struct scale_setup *setup, const struct line *line,
                        double tasks_each, double at)
{
    char text[4][32];
    double tasks = tasks_each * at;

    fprintf(f, "%s connections would take %.1f GiB", figure_thousands(at, text[0]),
            line_at(line, at) / gib);
    if (tasks_each > 0.5)
        fprintf(
            f,
            " and %s threads or processes (here kernel.threads-max is %s, kernel.pid_max %s)",
            figure_thousands(tasks, text[1]),
            figure_thousands(limit("/proc/sys/kernel/threads-max"), text[2]),
            figure_thousands(limit("/proc/sys/kernel/pid_max"), text[3]));
    fprintf(f, "; %.1f GiB are free here, of which %.1f are to stay free.\n",
            scale_available() / gib, setup->reserve / gib);
}

void scale_print_line(FILE *f, const struct scale_setup *setup, const struct line_point *points,
                      size_t count, const struct line *line, double tasks_each, double at)
{
    char number[32];

    if (!isfinite(line->worst)) {
        fprintf(
            f,
            "%s: one of the numbers of connections took no memory that can be told, so there "
            "is no line\n",
            setup->model->name);
        return;
    }
    fprintf(f, "%s: N connections take %.1f MiB and N times %.3f KiB, both ends together\n",
            setup->model->name, line->base / mib, line->each);
    fprintf(f, "  %12s %12s %12s %8s\n", "connections", "measured", "line", "error");
    for (size_t i = 0; i < count; i++)
        fprintf(f, "  %12s %8.1f MiB %8.1f MiB %7.1f%%%s\n",
                figure_thousands(points[i].x, number), points[i].y / mib,
                line_at(line, points[i].x) / mib,
                100 * (line_at(line, points[i].x) / points[i].y - 1),
                points[i].held_out ? "   held out" : "");
    fprintf(
        f, "  The line is at most %.1f %% off where it was not fitted%s\n", 100 * line->worst,
        line->worst > LINE_ERROR ? ": more than 5 %, so it says nothing of other numbers" : "");
    if (line->worst <= LINE_ERROR)
        print_needs(f, setup, line, tasks_each, at);
}
