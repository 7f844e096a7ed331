#include "bench/commands/check_speed.h"

#include <math.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/check/site.h"
#include "bench/trial/judge.h"
#include "bench/trial/perf.h"
#include "common/clock.h"
#include "common/err.h"

enum { CONNECTIONS = 16, PAYLOAD = 64, PAIRS = 2 };

/* The server of the check, as one side of a duel. */
static struct contestant side_of(struct check_speed *s, const struct check_server *server,
                                 const char *text)
{
    const struct contestant *c = &server->contestant;
    if (c->model.name && !c->model.external)
        return (struct contestant){.text = text,
                                   .model = {.name = xstrdup(c->model.name),
                                             .path = xstrdup(c->model.path),
                                             .max_connections = c->model.max_connections,
                                             .concurrency = c->model.concurrency},
                                   .options = c->options ? xstrdup(c->options) : NULL};
    s->theirs = *server->play.server;
    site_name_idle(&s->theirs, "3600");
    return (struct contestant){.text = text,
                               .model = {.name = xstrdup("your-server"),
                                         .concurrency = server->play.at_once,
                                         .external = &s->theirs}};
}

void check_speed_prepare(struct check_speed *s, const struct check_server *server,
                         const char *text, const struct paths *paths, const char *like,
                         uint64_t budget_ns)
{
    char error[1024];
    bool counters[PERF_COUNTERS];
    *s = (struct check_speed){.spec = {.duel = &s->duel}};
    placement_choose(&s->placement, 1);
    struct contestant *sides = s->duel.contestants;
    sides[0] = side_of(s, server, text);
    if (!contestant_find(&sides[1], like, paths->servers, &s->none, error, sizeof error))
        die_usage("--like: %s", error);
    if (access(paths->loadgen, X_OK) != 0)
        die_errno("cannot run the load generator %s", paths->loadgen);
    unsigned connections = CONNECTIONS;
    for (int i = 0; i < 2; i++)
        if (!judge_holds_all(&sides[i].model, connections))
            connections = sides[i].model.concurrency;
    enum protocol protocol = server->services[PROTOCOL_HTTP] ? PROTOCOL_HTTP : PROTOCOL_ECHO;
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        die_errno("cannot draw a seed");
    perf_probe(counters, error, sizeof error);
    s->duel = (struct duel_spec){.contestants = {sides[0], sides[1]},
                                 .protocol = protocol,
                                 .connections = connections,
                                 .threads = 1,
                                 .path = "/",
                                 .payload = PAYLOAD,
                                 .metric = DUEL_RATE,
                                 .margin = log1p(0.02),
                                 .budget_ns = budget_ns,
                                 .window_ns = 100 * NS_PER_MS,
                                 .pairs = PAIRS,
                                 .whole = true,
                                 .seed = seed,
                                 .placement = &s->placement,
                                 .loadgen = paths->loadgen,
                                 .perf_clock = counters[PERF_TASK_CLOCK]};
}

void check_speed_free(struct check_speed *s)
{
    for (int i = 0; i < 2; i++)
        contestant_free(&s->duel.contestants[i]);
}
