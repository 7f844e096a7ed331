/* One run of the load generator against one server. */
#ifndef IOM_LOAD_PROCESS_H
#define IOM_LOAD_PROCESS_H

#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/plan/point_load.h"
#include "bench/trial/load_events.h"

struct load {
    struct process process;
    struct load_events events;
    int hold;   /* its standard input: open as long as it is to keep its connections */
    char *json; /* the file of its results */
    bool far;   /* generators on other hosts: what they tell comes by their standard output */
};

struct load_spec {
    const char *program;
    /* Words before its command line, which start iomodels-load-mpi on other hosts; NULL: it runs
     * here, and is iomodels-load. */
    char **launch;
    const char *address; /* of the server, as common/addr.h writes it */
    enum protocol protocol;
    struct point_load load;
    const char *const *words; /* more of its command line; ends with NULL. NULL for none */
    uint64_t rate;            /* requests a second that are offered; 0: a closed loop */
    uint64_t timeout_ns;
    uint64_t duration_ns;
    uint64_t settle_ns;
    uint64_t warmup_ns;
    unsigned connections;
    unsigned threads;
    bool may_lose; /* requests: the server serves fewer connections at a time than there are */
    const cpu_set_t *cpus;
    int netns;       /* its network namespace; 0: that of this process */
    const char *dir; /* where its results may lie for a moment */
};

void load_start(struct load *l, const struct load_spec *spec);

/* Wait for the event that begins with `name` (connected, start, end) until `deadline`, watching
 * the process `server` as well. On LOAD_FAILED `reason` says who failed and why. */
enum load_result load_wait(struct load *l, const char *name, struct process *server,
                           uint64_t deadline, char *reason, size_t reason_size);

/* Let it drop its connections (those on other hosts have done so), wait for its end, read its
 * results. NULL with the reason where there are none; else the caller decrefs them. */
json_t *load_finish(struct load *l, uint64_t deadline, char *reason, size_t reason_size);

void load_destroy(struct load *l);

#endif
