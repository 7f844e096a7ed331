/* What a server and its machine did while a window was open: the counters at both ends of it. */
#ifndef IOM_WATCH_H
#define IOM_WATCH_H

#include <stdbool.h>

#include "bench/base/tree.h"
#include "bench/trial/cpu_busy.h"
#include "bench/trial/server_process.h"
#include "bench/trial/trial_columns.h"
#include "common/cgroup.h"

struct watch {
    const struct placement *placement;
    struct server *server;
    struct tree *tree;   /* of the server; kept fresh where perf does not give what is needed */
    bool cpu_by_tree;    /* perf gives no CPU time, */
    bool faults_by_tree; /* or no page faults */
    struct trial_measured *sum;
    struct root_cpu used; /* by the server's first process and by those that it waited for */
    unsigned windows;
    /* At the opening: */
    struct perf_values counted;
    struct call_counts calls;
    uint64_t cpu_ns, faults;
    struct root_cpu root;
    struct cgroup_reading groups;
    struct cpu_busy server_busy, generator_busy;
    uint64_t opened_ns;
};

/* Set up; `sum` begins with nothing measured. Before the first window opens, watch_ready() reads
 * /proc where that is needed, since this takes a while. */
void watch_init(struct watch *w, const struct trial_setup *setup, struct server *server,
                struct tree *tree, struct trial_measured *sum);
void watch_ready(struct watch *w);

/* The window opens; it closes, and what was counted in between is added to the sum. */
void watch_open(struct watch *w);
void watch_close(struct watch *w);

/* After the last window: the tree is that of now, and the sum has the CPU time of what ended. */
void watch_end(struct watch *w);

#endif
