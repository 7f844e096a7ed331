/* What a scenario sweeps. A point of a run has a value on the axis: the column `at`. */
#ifndef IOM_AXIS_H
#define IOM_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum axis {
    AXIS_CONNECTIONS, /* connections kept busy; `at` and `connections` are the same */
    /* On all others `connections` is one number, and `at` is: */
    AXIS_IDLE,     /* silent connections besides */
    AXIS_CHURN,    /* requests a connection lives for; 0: without end */
    AXIS_PAYLOAD,  /* bytes of an answer (http: /bytes/AT), or of a message (echo) */
    AXIS_PIPELINE, /* requests under way on a connection */
    AXIS_SLOW,     /* slow clients besides: half of them read slowly, half send slowly */
    AXIS_CPU,      /* microseconds of CPU for a request (http: /cpu/AT) */
    AXIS_WORKERS,  /* of the server (--workers AT), and its CPUs, where there are so many */
    AXIS_CORES,    /* CPUs of the server; of models with workers that are loops, workers too */
    AXIS_RATE,     /* requests a second that are offered, in an open loop */
    AXIS_LOAD,     /* per cent of the model's own peak that are offered; 0: the peak */
    AXIS_TRANSPORT, /* 0: TCP over loopback, 1: a Unix-domain socket, 2: TCP between namespaces */
    AXIS_COUNT
};

/* The values of AXIS_TRANSPORT. */
enum transport { TRANSPORT_TCP, TRANSPORT_UNIX, TRANSPORT_NAMESPACES, TRANSPORT_COUNT };

struct axis_info {
    const char *name;   /* in a scenario and in the column `axis`: "idle" */
    const char *title;  /* of an axis in a picture: "idle connections" */
    const char *unit;   /* of a value: "", "bytes", "us", "%" */
    unsigned low, high; /* the values that there are */
};

const struct axis_info *axis_info(enum axis axis);

/* Read the name of an axis. False where there is none of that name. */
bool axis_parse(const char *name, enum axis *out);

enum { AXIS_TEXT_MAX = 64 };

/* A value as it stands on an axis: "64", "∞", "unix". Returns `out`. */
char *axis_value_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX]);

/* A value in a sentence: "64 connections", "1 idle connection", "80 % of its peak". Returns
 * `out`. */
char *axis_point_text(enum axis axis, unsigned at, char out[AXIS_TEXT_MAX]);

/* Where a value stands on the axis: greater is further. Without end is the last. */
unsigned axis_place(enum axis axis, unsigned at);

/* Sort `count` values by their place. */
void axis_sort(enum axis axis, unsigned *at, size_t count);

/* Connections that the server has open at a point: the busy ones and those besides. */
unsigned axis_open_connections(enum axis axis, unsigned connections, unsigned at);

/* The most CPUs that the server has at a point; UINT_MAX: as many as it is given. */
unsigned axis_server_cpus(enum axis axis, unsigned at);

/* Whether requests are offered by a schedule there, whatever the server does. */
bool axis_is_open_loop(enum axis axis, unsigned at);

/* Whether the yardstick has the load of the point there (connections, path, pipeline, requests
 * on a connection). Else its load is the same at all points. */
bool axis_is_of_yardstick(enum axis axis);

#endif
