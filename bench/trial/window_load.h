/* A load generator that keeps its connections and sends only in windows that are asked for
 * (iomodels-load --windows): so that several servers can stay connected and be loaded in turn. */
#ifndef IOM_WINDOW_LOAD_H
#define IOM_WINDOW_LOAD_H

#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/base/protocol.h"
#include "bench/plan/point_load.h"
#include "bench/trial/load_events.h"
#include "bench/trial/perf.h"

struct window_load {
    struct process process;
    struct perf perf; /* on the generator, without the tracepoints; where they were asked for */
    struct load_events events;
    int commands; /* its standard input; -1: none */
    bool counted;
    char *json;   /* the file of its results, or NULL */
    double ended; /* requests that ended well or badly in the windows that were told */
};

struct window_load_spec {
    const char *program;
    const char *address; /* of the server, as common/addr.h writes it */
    enum protocol protocol;
    struct point_load load;
    unsigned connections;
    unsigned threads;
    uint64_t timeout_ns; /* of a request */
    uint64_t settle_ns;  /* at most, until each connection has had an answer */
    bool spin;           /* the generator's threads never sleep in a window */
    bool counted;        /* open window_load.perf */
    bool may_lose;       /* requests: failures make no run FAILED */
    bool stands;         /* process_end_all() spares it */
    const char *dir;     /* where its results may lie for a moment; NULL: there are none */
    const cpu_set_t *cpus;
    int netns; /* its network namespace; 0: that of this process */
};

/* What one window measured. The first group is of the window alone; the second is of the time from
 * the command to the last answer, in which nothing was sent before and nothing is sent after: so
 * CPU of the server over that time by `active_requests` has no error at its ends. */
struct window {
    double window_ns;
    double requests;
    double failed;
    double mean_ns;
    double p50_ns;
    double p90_ns;
    double p99_ns;
    double max_ns;

    double active_ns;
    double active_requests;
    double cpu_ns;   /* of the generator's threads */
    double slept_ns; /* for which they slept in their waiting call */
};

void window_load_start(struct window_load *l, const struct window_load_spec *spec);

/* Wait until all connections are there and have had an answer, watching the process `server`. On
 * LOAD_FAILED `reason` says who failed and why. */
enum load_result window_load_connected(struct window_load *l, struct process *server,
                                       uint64_t deadline, char *reason, size_t reason_size);

/* A lead after which the load of so many connections is in full swing. */
uint64_t window_load_lead_ns(const struct point_load *load, unsigned connections);

/* Order a window of `duration_ns` that opens `lead` ns after the load begins. The events "start"
 * and "end" tell when the window opens and closes, and then window_load_told() what came out. */
void window_load_order(struct window_load *l, uint64_t duration_ns, uint64_t lead);
enum load_result window_load_event(struct window_load *l, const char *name,
                                   struct process *server, uint64_t deadline, char *reason,
                                   size_t reason_size);
enum load_result window_load_told(struct window_load *l, struct process *server,
                                  uint64_t deadline, struct window *out, char *reason,
                                  size_t reason_size);

/* All of that: order a window with the usual lead and wait until all is answered. */
enum load_result window_load_measure(struct window_load *l, uint64_t duration_ns,
                                     uint64_t deadline, struct process *server,
                                     struct window *out, char *reason, size_t reason_size);

/* Let it drop its connections and end. False with the reason where it did not end well. */
bool window_load_finish(struct window_load *l, uint64_t deadline, char *reason,
                        size_t reason_size);

/* Let it drop its connections and end, and read its results: the sum of all windows. NULL with the
 * reason where there are none; else the caller decrefs them. */
json_t *window_load_results(struct window_load *l, uint64_t deadline, char *reason,
                            size_t reason_size);

void window_load_destroy(struct window_load *l);

#endif
