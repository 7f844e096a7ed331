#include "bench/plan/point_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what loopback carries in a nanosecond, less than the slowest machines do. */
static const uint64_t bytes_a_ns = 1;

struct point_load point_load_of(const struct scenario *s, const struct plan_trial *t)
{
    struct point_load load = {.path = s->path, .payload = s->payload};
    const char *form = t->axis == AXIS_PAYLOAD ? "/bytes/%u"
                       : t->axis == AXIS_CPU   ? "/cpu/%u"
                                               : NULL;
    if (form)
        snprintf(load.of_axis, sizeof load.of_axis, form, t->at);
    if (t->axis == AXIS_PAYLOAD)
        load.payload = t->at;
    if (t->axis == AXIS_PIPELINE)
        load.pipeline = t->at;
    if (t->axis == AXIS_CHURN)
        load.per_connection = t->at;
    if (t->axis == AXIS_IDLE)
        load.idle = t->at;
    if (t->axis == AXIS_SLOW) {
        load.slow_readers = t->at / 2;
        load.slow_senders = t->at - t->at / 2;
    }
    return load;
}

struct point_load point_load_of_yardstick(const struct point_load *load)
{
    struct point_load beside = *load;
    beside.idle = beside.slow_readers = beside.slow_senders = 0;
    return beside;
}

const char *point_load_path(const struct point_load *load)
{
    return load->of_axis[0] ? load->of_axis : load->path;
}

bool point_load_same(const struct point_load *a, const struct point_load *b)
{
    return strcmp(point_load_path(a), point_load_path(b)) == 0 && a->payload == b->payload &&
           a->pipeline == b->pipeline && a->per_connection == b->per_connection &&
           a->idle == b->idle && a->slow_readers == b->slow_readers &&
           a->slow_senders == b->slow_senders;
}

/* Of the answer: the path says how many, where it does. */
static uint64_t bytes_of(const struct point_load *load)
{
    static const char bytes[] = "/bytes/";
    const char *path = point_load_path(load);
    uint64_t answer = strncmp(path, bytes, sizeof bytes - 1) == 0
                          ? strtoull(path + sizeof bytes - 1, NULL, 10)
                          : 0;
    return answer > load->payload ? answer : load->payload;
}

uint64_t point_load_start_ns(const struct point_load *load, unsigned connections)
{
    return connections * bytes_of(load) / bytes_a_ns;
}
