#include "bench/plan/axis.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What stands behind a value in a sentence, for one and for more. */
static const struct axis_text {
    struct axis_info info;
    const char *one, *more;
} axes[AXIS_COUNT] = {
    [AXIS_CONNECTIONS] = {{"connections", "connections, all busy", "", 1, 1000000},
                          "connection",
                          "connections"},
    [AXIS_IDLE] = {{"idle", "idle connections", "", 0, 1000000},
                   "idle connection",
                   "idle connections"},
    [AXIS_CHURN] = {{"churn", "requests a connection", "", 0, 1000000000},
                    "request a connection",
                    "requests a connection"},
    [AXIS_PAYLOAD] = {{"payload", "payload, bytes", "bytes", 1, 16 << 20}, "byte", "bytes"},
    [AXIS_PIPELINE] = {{"pipeline", "requests under way on a connection", "", 1, 1024},
                       "request under way on a connection",
                       "requests under way on a connection"},
    [AXIS_SLOW] = {{"slow", "slow clients", "", 0, 1000000}, "slow client", "slow clients"},
    [AXIS_CPU] = {{"cpu", "CPU for a request, µs", "us", 0, 10000000},
                  "µs of CPU for a request",
                  "µs of CPU for a request"},
    [AXIS_WORKERS] = {{"workers", "workers", "", 1, 1024}, "worker", "workers"},
    [AXIS_CORES] = {{"cores", "CPUs of the server", "", 1, 1024}, "CPU", "CPUs"},
    [AXIS_RATE] = {{"rate", "offered requests a second", "", 1, 10000000},
                   "request a second offered",
                   "requests a second offered"},
    [AXIS_LOAD] = {{"load", "offered load, % of the peak", "%", 0, 1000},
                   "% of its peak offered",
                   "% of its peak offered"},
    [AXIS_TRANSPORT] = {{"transport", "transport", "", 0, TRANSPORT_COUNT - 1}, "", ""},
};

static const char *const transports[TRANSPORT_COUNT] = {"tcp", "unix", "namespaces"};

const struct axis_info *axis_info(enum axis axis)
{
    return &axes[axis].info;
}

bool axis_parse(const char *name, enum axis *out)
{
    for (enum axis i = 0; i < AXIS_COUNT; i++) {
        if (strcmp(axes[i].info.name, name) != 0)
            continue;
        *out = i;
        return true;
    }
    return false;
}

char *axis_value_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX])
{
    if (axis == AXIS_TRANSPORT && at < TRANSPORT_COUNT)
        snprintf(out, AXIS_TEXT_MAX, "%s", transports[at]);
    else if (axis == AXIS_CHURN && at == 0)
        snprintf(out, AXIS_TEXT_MAX, "∞");
    else if (axis == AXIS_LOAD && at == 0)
        snprintf(out, AXIS_TEXT_MAX, "peak");
    else
        snprintf(out, AXIS_TEXT_MAX, "%u", at);
    return out;
}

char *axis_point_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX])
{
    char value[AXIS_TEXT_MAX];
    const struct axis_text *text = &axes[axis];
    axis_value_text(axis, at, value);
    if (axis == AXIS_TRANSPORT || (axis == AXIS_LOAD && at == 0))
        return strcpy(out, value);
    snprintf(out, AXIS_TEXT_MAX, "%.20s %s", value, at == 1 ? text->one : text->more);
    return out;
}

unsigned axis_place(enum axis axis, unsigned at)
{
    return axis == AXIS_CHURN && at == 0 ? UINT_MAX : at;
}

void axis_sort(enum axis axis, unsigned *at, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        unsigned value = at[i];
        size_t k = i;
        for (; k > 0 && axis_place(axis, at[k - 1]) > axis_place(axis, value); k--)
            at[k] = at[k - 1];
        at[k] = value;
    }
}

unsigned axis_open_connections(enum axis axis, unsigned connections, unsigned at)
{
    return connections + (axis == AXIS_IDLE || axis == AXIS_SLOW ? at : 0);
}

unsigned axis_server_cpus(enum axis axis, unsigned at)
{
    return axis == AXIS_WORKERS || axis == AXIS_CORES ? at : UINT_MAX;
}

bool axis_is_open_loop(enum axis axis, unsigned at)
{
    return axis == AXIS_RATE || (axis == AXIS_LOAD && at > 0);
}

bool axis_is_of_yardstick(enum axis axis)
{
    return axis == AXIS_CONNECTIONS || axis == AXIS_CHURN || axis == AXIS_PAYLOAD ||
           axis == AXIS_PIPELINE;
}
