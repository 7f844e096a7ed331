/* A duel: which of two servers is faster, told from short windows in turn.
 *
 * Both servers are up and connected on the same CPUs, and one at a time is loaded: what
 * disturbs the machine for longer than a window disturbs both. A pair is a window of A and one
 * of B; two pairs follow one another as A B B A or B A A B, drawn by the seed, so that a drift
 * within them cancels. A session is the pairs between two starts of the servers: where memory
 * came to lie at the start is a noise of its own, so sessions, not pairs, are what counts as
 * independent (decide.h).
 *
 * Source for pairing in time: Bulej and others, "Duet Benchmarking: Improving Measurement
 * Accuracy in the Cloud", ICPE 2020. */
#ifndef IOM_DUEL_H
#define IOM_DUEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"
#include "bench/duel/contestant.h"
#include "bench/duel/decide.h"
#include "bench/plan/placement.h"
#include "bench/trial/answer.h"
#include "bench/trial/window_load.h"

enum duel_metric { DUEL_RATE, DUEL_CPU, DUEL_P99, DUEL_METRICS };

extern const char *const duel_metric_names[DUEL_METRICS + 1]; /* rate, cpu, p99; NULL-ended */
extern const char *const duel_metric_texts[DUEL_METRICS];     /* as one says it */

struct duel_spec {
    struct contestant contestants[2]; /* A and B */
    enum protocol protocol;
    unsigned connections;
    unsigned threads; /* of each load generator */
    const char *path;
    uint64_t payload;
    enum duel_metric metric;
    double margin; /* a log ratio */
    uint64_t budget_ns;
    uint64_t window_ns;
    unsigned pairs;    /* in a session; even */
    unsigned sessions; /* at most; 0: as many as the budget allows */
    bool whole;        /* go on to the end of the budget when it is decided */
    uint64_t seed;
    const struct placement *placement;
    const char *loadgen;
    bool perf_clock;             /* the kernel counts CPU time (perf.h); else /proc is read */
    const struct answer *answer; /* of our servers to the question; body NULL: none needed */
};

/* One window as it was measured. */
struct duel_window {
    unsigned session; /* from 1 */
    unsigned pair;    /* in the session, from 1 */
    unsigned order;   /* place in the session, from 1 */
    int side;         /* 0 is A, 1 is B */
    struct window of;
    double server_cpu_ns; /* over of.active_ns */
};

struct duel {
    const struct duel_spec *spec;
    struct duel_window *windows;
    size_t window_count;
    unsigned repeated; /* windows measured again, since one of four had no answer at all */
    /* The pairs' costs, in their order, as stats/interval.h takes them: what is smaller is
     * better. */
    double *cost[2];
    size_t pair_count;
    size_t *sizes;  /* pairs of each session */
    double *values; /* what each session says: log of how many times A is faster */
    size_t session_count;
    bool burns
        [2]; /* used CPU while it was idle, and so was stopped while the other was loaded */
    struct duel_look look;
    struct interval always;   /* of the log ratio, however often one looked (decide.h) */
    struct interval interval; /* of the same, by the bootstrap */
    /* Of the time in which a side was loaded, the part in which its server used CPU, and in which
     * the threads of its load generator did. */
    double server_busy[2];
    double generator_busy[2];
    double seconds;
    double stolen_s; /* CPU that the hypervisor took from the CPUs of servers and generators */
    double other_s;  /* CPU that other programs used there; NaN: not told */
    bool interrupted;
    char reason[600]; /* why it failed; "" where it did not */
};

/* Hold the duel. False where it failed (`reason`) or was interrupted. Windows measured before that
 * are kept. All processes it started are gone. duel_free() in every case. */
bool duel_run(struct duel *d, const struct duel_spec *spec);
void duel_free(struct duel *d);

/* Whether the load generator may have been the limit of a side, and not its server. */
bool duel_generator_limits(const struct duel *d, int side);

/* The ratio of A's figure to B's, as the metric has it: of rates where DUEL_RATE, else of
 * costs; from a log of how many times A is faster. */
double duel_ratio(enum duel_metric metric, double log_faster);

#endif
