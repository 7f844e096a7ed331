/* environment.json, read: all that a reader must know to believe a figure or to measure it again.
 * environment_write.h writes it. */
#ifndef IOM_ENVIRONMENT_H
#define IOM_ENVIRONMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/base/protocol.h"
#include "bench/machine/unit_costs.h"
#include "bench/plan/axis.h"
#include "bench/plan/expectation.h"

enum { ENVIRONMENT_FORMAT = 1 };

/* A server that the run was to measure. */
struct run_server {
    const char *name;
    bool external; /* a server of others; else one of our models */
    bool given;    /* an external one: on the command line, not by a file of bench/external */
    const char *counterpart_of; /* an external one: our models that wait as it does */
    const char *command;        /* a given one */
    enum protocol protocol;     /* a given one */
    bool speaks[PROTOCOL_COUNT];
    const char *differs; /* why it was measured at other points than the rest; "" */
    bool unsupported;    /* it could not run there */
};

/* Points that were not measured. */
struct run_skip {
    const char *protocol; /* "": in none */
    const char *model;
    unsigned connections; /* 0: all points of the model */
    enum axis axis;
    unsigned at;
    const char *reason;
};

struct environment {
    json_t *json; /* all of the file; the texts point into it */
    const char *date;
    const char *seed;
    bool counting; /* the run has a block 0 */
    struct {
        const char *name;
        const char *question; /* "": none */
        const char *expect;   /* "": none */
        struct expectations expectations;
        const char *path;  /* what http asks for */
        const char *order; /* NULL: none */
        enum axis axis;    /* what is swept */
        unsigned rank;     /* the point on the axis at which models are compared */
        double repetitions;
        double duration_s;
        double warmup_s;
    } scenario;
    struct run_server *servers;
    size_t server_count;
    struct run_skip *skipped;
    size_t skipped_count;
    struct {
        int server_cpus; /* 0: not known */
        int generator_cpus;
        bool shared;
        const char *warning; /* "": none */
    } placement;
    /* requests per second that the generator makes by itself; NaN: not known */
    double null_rps;
    bool virtualised; /* the machine is a virtual one, as far as is known */
    /* of before the trials and after them; NULL: a run of before, which has none */
    struct unit_costs *unit_costs;
};

/* Read DIR/environment.json. Returns false with one line in `error` where that fails, or where what
 * is there is not what environment_write() writes. Free it after success alone. */
bool environment_read(struct environment *e, const char *dir, char *error, size_t error_size);
void environment_free(struct environment *e);

/* The record of a server, or NULL. */
const struct run_server *environment_server(const struct environment *e, const char *name);

/* Why the points between network namespaces were skipped; NULL: they were not. */
const char *environment_no_namespaces(const struct environment *e);

#endif
