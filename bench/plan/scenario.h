/* A scenario: one experiment in a file, its question and its sweep.
 *
 *     [scenario]
 *     name = quick
 *     question = What does the way a server waits cost?
 *     expect = What one should see, in a sentence; a line that begins with a space goes on.
 *     expect = ratio(poll / epoll-lt, connections=1024) < 0.9: what the run is to judge
 *     [sweep]
 *     models = epoll-lt, poll      default: all there are; none
 *     externals = nginx, node      servers of others, bench/external; default: none; all
 *     protocols = http, echo
 *     connections = 1, 16, 64
 *     axis = idle                  what is swept (axis.h); default: connections
 *     at = 0, 100, 1000            the points on another axis, where connections is one number
 *     repetitions = 3
 *     duration = 0.35s             measured window of a trial
 *     settle = 2s                  at most, until each connection has had an answer; for models
 *                                  that serve all of them at one time
 *     warmup = 0.1s                before the window, not measured
 *     timeout = 2s                 a request without its answer by then is a timeout
 *     path = /                     what http asks for
 *     payload = 64                 bytes of one echo message
 *     windows = 8                  of a trial: they alternate with those of the yardstick
 *     yardstick = epoll-lt         a server of ours that all trials are held against; none
 *     rank = 64                    the point at which the models are ranked
 *     order = gevent > asyncio     an order that is told of some of them, to be judged
 *     server_cpus = 1              CPUs each server gets
 *     generator_threads = auto     one a CPU that the server leaves, at most 4
 *     [load]                       load generators on other hosts, by MPI; docs/many-machines.md
 *     hosts = a, b, c
 *     launcher = mpirun --host {slots} -np {count}    how a command is started there (launch.h)
 *     [server]
 *     host = d                     where servers run; default: this machine
 *     address = 10.0.0.4           by which the hosts reach it; default: its name
 *     [model:epoll-lt+needless]    a variant of epoll-lt, a server of its own (variants.h)
 *     options = --needless-ctl
 *     [model:select]               what differs for one model, or one server of others
 *     connections = 1, 16
 *     at = 0, 100
 *     options = --workers 64       added to its command line
 *     reason = why it differs; printed in the report
 *
 * UTF-8. Only question, expect and reason may go on in another line. Any key stands once, but for
 * expect: one of them may be prose, and as many as are wanted may be such as a program can judge
 * (expectation.h).
 * ini_text.h tells what a line can be. */
#ifndef IOM_SCENARIO_H
#define IOM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"
#include "bench/plan/axis.h"
#include "bench/plan/expectation.h"
#include "bench/plan/launch.h"

enum { SCENARIO_POINTS_MAX = 32, SCENARIO_OVERRIDES_MAX = 64, SCENARIO_REPETITIONS_MAX = 1000 };

struct point_list {
    unsigned at[SCENARIO_POINTS_MAX]; /* ascending, each once */
    size_t count;
};

struct model_override {
    char *model;
    char *reason;
    char *options; /* words to add to the server's command line, or NULL */
    /* Empty: as the sweep says. */
    struct point_list connections;
    struct point_list at;
};

struct scenario {
    char *name;
    char *question;
    char *expect;                     /* prose, or NULL */
    struct expectations expectations; /* to be judged, in the order of the file */
    char *models;                     /* comma-separated, NULL for all */
    char *externals;                  /* the same of the servers of others, NULL for none */
    char *order; /* names from the fastest on, NULL where none is claimed */
    bool protocols[PROTOCOL_COUNT];
    enum axis axis;
    struct point_list connections;
    struct point_list at; /* of another axis than connections */
    unsigned repetitions;
    uint64_t duration_ns;
    uint64_t settle_ns;
    uint64_t warmup_ns;
    uint64_t timeout_ns;
    char *path;
    uint64_t payload;
    unsigned windows;
    char *yardstick; /* NULL: the usual one, where it is built */
    unsigned rank;   /* on the axis */
    bool rank_given;
    unsigned server_cpus;
    unsigned generator_threads; /* 0: auto */
    struct launch launch;
    struct model_override overrides[SCENARIO_OVERRIDES_MAX];
    size_t override_count;
    char *text; /* the file as it was read */
};

/* Read the scenario in `file`. Returns false with one line in `error`, "FILE:LINE: what is
 * wrong" where a line is to blame. Free it with scenario_free() in both cases. */
bool scenario_read(const char *file, struct scenario *out, char *error, size_t error_size);
void scenario_free(struct scenario *s);

/* What the scenario says about one model, or NULL. */
const struct model_override *scenario_override(const struct scenario *s, const char *model);

/* The points on the axis at which `model` is to be measured. */
const struct point_list *scenario_points(const struct scenario *s, const char *model);

/* CPUs that servers are to get. Where workers or cores are swept, as many as the most of them, as
 * long as one of the `available` CPUs is left. */
unsigned scenario_server_cpus(const struct scenario *s, unsigned available);

/* Whether a point has server and load generator in network namespaces of their own. */
bool scenario_needs_namespaces(const struct scenario *s);

/* Why no trial can be held against a yardstick; NULL where they can. */
const char *scenario_no_yardstick(const struct scenario *s);

/* The connections that are kept busy at the point `at` of `model`. */
unsigned scenario_connections(const struct scenario *s, const char *model, unsigned at);

#endif
