#include "bench/show/conditions.h"

#include <stdlib.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "common/err.h"

/* "server on 1 CPU, load generator on 1": what a figure must not be read without. */
static char *cores_text(const struct environment *e)
{
    int server = e->placement.server_cpus;
    int generator = e->placement.generator_cpus;
    if (server == 0)
        return xstrdup("");
    if (!e->placement.shared)
        return text_format("; server on %d CPU%s, load generator on %d", server, text_s(server),
                           generator);
    if (generator > 1)
        return text_format("; server and load generator share all %d CPUs", generator);
    return xstrdup("; server and load generator share one CPU");
}

/* How many trials make a figure, at most. */
static size_t repetitions(const struct results *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->summary.count; i++)
        n = r->summary.at[i].used > n ? r->summary.at[i].used : n;
    return n;
}

char *conditions_text(const struct results *r, enum protocol protocol, bool bars)
{
    const struct environment *e = &r->environment;
    const char *cpu = json_text(json_object_get(e->json, "machine"), "cpu", "");
    size_t n = repetitions(r);
    char *cores = cores_text(e);
    const char *spread = !bars   ? ""
                         : n < 6 ? ", bars: lowest to highest"
                                 : ", bars: 95 % interval";
    char *windows = n > 1 ? text_format("medians of %zu windows of %.2g s%s", n,
                                        e->scenario.duration_s, spread)
                          : text_format("one window of %.2g s", e->scenario.duration_s);
    char *text =
        text_format("%s, %s loop; %s; %s%s%s%s; %.10s",
                    protocol == PROTOCOL_HTTP ? "HTTP/1.1 keep-alive" : "echo",
                    axis_is_open_loop(e->scenario.axis, e->scenario.rank) ? "open" : "closed",
                    windows, cpu, cpu[0] && e->virtualised ? ", virtual" : "",
                    cpu[0] ? "" : "machine not known", cores, e->date);
    free(windows);
    free(cores);
    return text;
}
