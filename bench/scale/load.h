/* One load generator of many, and what several of them measured together. */
#ifndef IOM_SCALE_LOAD_H
#define IOM_SCALE_LOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/base/protocol.h"
#include "bench/trial/load_events.h"

struct scale_load {
    struct process process;
    struct load_events events;
    int input;  /* its standard input; -1: closed */
    char *json; /* the file of its results */
};

struct scale_load_spec {
    const char *program;
    const char *dir;     /* where its results may lie for a moment */
    const char *name;    /* of the file there */
    const char *address; /* of its server */
    enum protocol protocol;
    unsigned connections;
    uint64_t duration_ns;
    /* Of the crowd: it connects, has one answer on each connection, and waits at the gate. Then
     * each connection asks once in `think_ns`. */
    bool gate;
    uint64_t think_ns;
    const char *sources;
    unsigned nofile;
    /* Of honest clients: an open loop. */
    uint64_t rate;
};

void scale_load_start(struct scale_load *l, const struct scale_load_spec *spec);

/* Tell one that waits at the gate when to begin: nanoseconds since 1970. */
void scale_load_go(struct scale_load *l, uint64_t unix_ns);

/* Close its standard input: one that waits at the gate ends. */
void scale_load_dismiss(struct scale_load *l);

/* Read what it measured, after its end. NULL with one line in `reason`. */
json_t *scale_load_report(struct scale_load *l, char *reason, size_t reason_size);

/* One report of `count`, or NULL with one line in `reason`. The reports are changed: servers that
 * differ in their port alone are taken for one. */
json_t *scale_load_merge(json_t *const *reports, size_t count, char *reason,
                         size_t reason_size);

void scale_load_destroy(struct scale_load *l);

#endif
