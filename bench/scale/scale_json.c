#include <math.h>
#include <string.h>

#include "bench/base/json_get.h"
#include "bench/scale/scale_report.h"

enum { CACHES_TOLD = 12 };

struct scale_each scale_each(const struct scale_point *p)
{
    const struct scale_memory *a = &p->before, *b = &p->held;
    double n = p->shape.connections;

    return (struct scale_each){
        .servers = (b->servers - a->servers) / n,
        .generators = (b->generators - a->generators) / n,
        .slab = (b->kernel.slab - a->kernel.slab) / n,
        .stacks = (b->kernel.stacks - a->kernel.stacks) / n,
        .page_tables = (b->kernel.page_tables - a->kernel.page_tables) / n,
        .sum = scale_taken(p) / n,
        .used = (b->used - a->used) / n,
        .tasks = (b->tasks - a->tasks) / n,
    };
}

/* JSON has no NaN. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *memory(const struct scale_memory *m)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "available_kib",
                     number(m->available), "used_kib", number(m->used), "slab_kib",
                     number(m->kernel.slab), "kernel_stacks_kib", number(m->kernel.stacks),
                     "page_tables_kib", number(m->kernel.page_tables), "socket_buffers_kib",
                     number(m->buffers), "tcp_sockets", number(m->sockets), "server_tasks",
                     number(m->tasks), "servers_kib", number(m->servers), "generators_kib",
                     number(m->generators));
}

static json_t *each_json(const struct scale_point *p)
{
    struct scale_each e = scale_each(p);

    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "servers", number(e.servers),
                     "generators", number(e.generators), "slab", number(e.slab),
                     "kernel_stacks", number(e.stacks), "page_tables", number(e.page_tables),
                     "sum", number(e.sum), "used", number(e.used), "server_tasks",
                     number(e.tasks));
}

static json_t *caches(const struct scale_point *p)
{
    struct slab grown[CACHES_TOLD];
    size_t n = slabs_grown(&p->before.slabs, &p->held.slabs, grown, CACHES_TOLD);
    json_t *o = json_object();

    for (size_t i = 0; i < n; i++)
        json_object_set_new(o, grown[i].name, number(grown[i].kib / p->shape.connections));
    return o;
}

static json_t *honest(const struct scale_point *p)
{
    static const char *const names[SCALE_MOMENTS] = {"alone", "silent", "asking"};
    json_t *o = json_object();

    for (int i = 0; i < SCALE_MOMENTS; i++) {
        const struct scale_honest *h = &p->honest[i];
        json_object_set_new(
            o, names[i],
            h->there ? json_pack("{s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:s}", "clients",
                                 number(h->clients), "requests", number(h->requests), "failed",
                                 number(h->failed), "cause", h->cause, "p50_us",
                                 number(h->p50_us), "p99_us", number(h->p99_us), "max_us",
                                 number(h->max_us), "verdict", h->verdict)
                     : json_null());
    }
    return o;
}

json_t *scale_json(const struct scale_point *p)
{
    json_t *o = json_pack(
        "{s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "connections",
        (int)p->shape.connections, "servers", (int)p->shape.pairs, "sources_each",
        (int)p->shape.sources, "connect_s", number(p->connect_s), "connects_per_second",
        number(p->shape.connections / p->connect_s), "least_available_kib", number(p->least),
        "before", memory(&p->before), "held", memory(&p->held), "kib_per_connection",
        each_json(p), "slab_kib_per_connection", caches(p), "honest", honest(p), "answers",
        p->crowd ? json_pack("{s:o,s:o,s:o,s:o,s:o}", "least_of_a_connection",
                             number(p->answers), "requests", number(p->requests), "failed",
                             number(p->failed), "requests_per_second", number(p->rate),
                             "server_cpu_us_per_answer", number(p->cpu_us))
                 : json_null());
    json_object_set(o, "crowd", p->crowd ? p->crowd : json_null());
    return json_checked(o, "what was held");
}

json_t *scale_line_json(const struct line_point *points, size_t count, const struct line *line,
                        double tasks_each, double at)
{
    json_t *list = json_array();
    bool holds = line->worst <= LINE_ERROR;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list,
                              json_pack("{s:o,s:o,s:o,s:b}", "connections", number(points[i].x),
                                        "measured_kib", number(points[i].y), "line_kib",
                                        number(line_at(line, points[i].x)), "held_out",
                                        points[i].held_out));
    return json_checked(json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "base_kib",
                                  number(line->base), "kib_per_connection", number(line->each),
                                  "worst_error", number(line->worst), "tasks_per_connection",
                                  number(tasks_each), "connections", number(holds ? at : NAN),
                                  "kib", number(holds ? line_at(line, at) : NAN), "points",
                                  list),
                        "the line");
}
