/* summary.csv: the repetitions of each point made one line. */
#ifndef IOM_SUMMARY_H
#define IOM_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/stats.h"
#include "bench/record/rate.h"
#include "bench/trial/row.h"

/* Which columns of trials.csv are summarised. */
/* clang-format off */
#define SUMMARY_METRICS(X) \
    X(RPS) X(RATE) X(P50_US) X(P90_US) X(P99_US) X(P999_US) \
    X(CPU_PER_REQUEST) X(SYSCALLS_PER_REQUEST) X(SWITCHES_PER_REQUEST) \
    X(RSS_PER_CONNECTION) X(PSS_PER_CONNECTION) X(STARVED) X(JAIN) X(PROCESSES) X(THREADS) \
    X(SERVER_CPU_FRACTION) X(GENERATOR_CPU_FRACTION) X(GENERATOR_CPU_PER_REQUEST) \
    X(FAULTS_PER_REQUEST) X(KERNEL_PER_CONNECTION) X(KERNEL_STACK_PER_CONNECTION) \
    X(MAPPED_PER_CONNECTION)
/* clang-format on */

#define SUMMARY_ENUM(id) S_##id,
enum summary_metric { SUMMARY_METRICS(SUMMARY_ENUM) SUMMARY_COUNT };
#undef SUMMARY_ENUM

struct summary_point {
    const char *scenario; /* points into the rows, as `model` does */
    enum protocol protocol;
    const char *model;
    unsigned connections; /* kept busy */
    enum axis axis;
    unsigned on_axis;     /* the value on the axis, the column `at` */
    unsigned trials;      /* how many rows there are, without the counting block */
    unsigned ok;          /* rows that did not fail */
    unsigned unsupported; /* rows whose server said that it cannot run here */
    unsigned valid;       /* rows with the verdict valid */
    unsigned usable;      /* rows with the verdict valid or generator-limited */
    unsigned used;        /* what the figures are made of: the valid, or all usable */
    unsigned concurrency; /* connections the model serves at one time; 0: all */
    enum verdict verdict;
    const char *reason; /* for a verdict other than valid; "" */
    const char *answer; /* how its answer differs from ours, a server of others; "" */
    bool plain; /* none of its trials has a yardstick, so its rates are plain requests/s */
    struct spread at[SUMMARY_COUNT];
};

struct summary {
    /* by protocol (http first), model (the textbook's order), value on the axis */
    struct summary_point *at;
    size_t count;
    /* Of the run (noise_floor.h): */
    double apart;
    double noise; /* its `most`; NaN: of too few trials */
};

/* Whether the ranking tells the two apart, of which `slower` has the lower rate. */
bool summary_apart(const struct summary *s, const struct summary_point *faster,
                   const struct summary_point *slower);

/* Summarise `rows`, which must live as long as the summary, are put in order and get their rate
 * (M_RATE): all that ranks, compares and draws throughput takes S_RATE, and S_RPS is as measured.
 * The rates of a point whose trials could not be held against the yardstick of the run are plain
 * requests/s; those of a run without a yardstick are, at every point.
 *
 * A trial is usable if it did not fail and is not INVALID. A point is INVALID where no more than
 * half of its trials are usable; then it has no figures. A point is valid where more than half of
 * its usable trials are valid; its figures come from the valid trials alone. Else a point is
 * generator-limited, and its figures come from all usable trials. */
void summary_make(struct summary *s, struct trial_rows *rows);
void summary_free(struct summary *s);

/* Write DIR/summary.csv. */
void summary_write(const struct summary *s, const char *dir);

/* Whether the figures of `p` come from `row`, a trial that was not only counted. */
bool summary_uses(const struct summary_point *p, const struct trial_row *row);

/* What `row` contributes to the figure of `m` at `p`; NaN: nothing. */
double summary_value(const struct summary_point *p, const struct trial_row *row,
                     enum summary_metric m);

/* The metric of the column `name`; SUMMARY_COUNT: there is none. */
enum summary_metric summary_metric_named(const char *name);

/* A point that leaves connections without any answer is shown, but not ranked: its throughput is
 * that of the others. Where the model serves all it holds, more than one in a hundred (median)
 * are enough; where it serves few at a time (iterative, by design), more than half. */
bool summary_starves(const struct summary_point *p);

/* Trials that are INVALID because other programs took much of the CPUs. */
unsigned summary_disturbed(const struct trial_rows *rows);

/* What the rates of the points of a run are measured in, `run`, comes to at the point `p`. */
struct rate_basis summary_basis(const struct summary_point *p, const struct rate_basis *run);

/* Points without any usable trial, but for models that cannot run here. */
unsigned summary_empty_points(const struct summary *s);

#endif
