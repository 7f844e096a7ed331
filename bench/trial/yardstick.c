#include "bench/trial/yardstick.h"

#include <math.h>

#include "common/clock.h"

static const uint64_t patience_ns = 60 * NS_PER_S;
static const uint64_t window_ns = 15 * NS_PER_MS;
static const uint64_t window_of_connection_ns = 10 * NS_PER_US;
static const uint64_t connection_in_requests = 4;
/* A window in which nothing was answered is measured again so often, each time so much longer. */
enum { TRIES = 4, LONGER = 4 };

uint64_t yardstick_window_ns(const struct point_load *load, unsigned connections)
{
    uint64_t ns = window_ns + connections * window_of_connection_ns;
    /* A new connection costs as much as some requests. */
    if (load->per_connection > 0)
        ns += ns * connection_in_requests / load->per_connection;
    return ns + 2 * point_load_start_ns(load, connections);
}

static void drop_load(struct yardstick *y)
{
    if (y->connected)
        window_load_destroy(&y->load);
    y->connected = false;
}

void yardstick_end(struct yardstick *y)
{
    drop_load(y);
    if (y->up)
        server_destroy(&y->server);
    y->up = false;
}

static bool start_server(struct yardstick *y, enum protocol protocol, unsigned connections,
                         char *reason, size_t reason_size)
{
    struct server_spec spec = {.model = y->model,
                               .protocol = protocol,
                               .connections = connections,
                               .path = y->scenario->path,
                               .payload = y->scenario->payload,
                               .cpus = &y->placement->server,
                               .stands = true};
    enum server_result result = server_start(&y->server, &spec, reason, reason_size);
    if (result != SERVER_OK)
        server_destroy(&y->server);
    y->up = result == SERVER_OK;
    y->protocol = protocol;
    return y->up;
}

static bool connect_load(struct yardstick *y, unsigned connections, unsigned threads,
                         char *reason, size_t reason_size)
{
    window_load_start(&y->load, &(struct window_load_spec){
                                    .program = y->loadgen,
                                    .address = y->server.address,
                                    .protocol = y->protocol,
                                    .load = y->asked,
                                    .connections = connections,
                                    .threads = threads,
                                    .timeout_ns = y->scenario->timeout_ns,
                                    .settle_ns = y->scenario->settle_ns,
                                    .stands = true,
                                    .cpus = &y->placement->generator,
                                });
    y->connected = true;
    y->connections = connections;
    if (window_load_connected(&y->load, &y->server.process,
                              clock_after(clock_ns(), patience_ns), reason,
                              reason_size) == LOAD_OK)
        return true;
    yardstick_end(y);
    return false;
}

bool yardstick_ready(struct yardstick *y, enum protocol protocol, const struct point_load *load,
                     unsigned connections, unsigned threads, char *reason, size_t reason_size)
{
    if (y->up && y->protocol != protocol)
        yardstick_end(y);
    if (!y->up && !start_server(y, protocol, connections, reason, reason_size))
        return false;
    struct point_load asked = point_load_of_yardstick(load);
    if (y->connected && y->connections == connections && point_load_same(&y->asked, &asked))
        return true;
    drop_load(y);
    y->asked = asked;
    return connect_load(y, connections, threads, reason, reason_size);
}

/* One window, and what came out of it. */
static bool measure(struct yardstick *y, uint64_t duration, struct window *w)
{
    char reason[400];
    window_load_order(&y->load, duration, window_load_lead_ns(&y->asked, y->connections));
    return window_load_told(&y->load, &y->server.process,
                            clock_after(clock_ns(), duration + patience_ns), w, reason,
                            sizeof reason) == LOAD_OK &&
           w->failed == 0;
}

double yardstick_window(struct yardstick *y)
{
    uint64_t duration = yardstick_window_ns(&y->asked, y->connections);
    struct window w;
    for (int i = 0; y->connected && i < TRIES; i++) {
        if (!measure(y, duration, &w))
            yardstick_end(y);
        else if (w.requests > 0)
            return w.requests * 1e9 / w.window_ns;
        duration *= LONGER;
    }
    return NAN;
}
