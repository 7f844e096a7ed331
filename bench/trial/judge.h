/* May a measurement be believed? */
#ifndef IOM_JUDGE_H
#define IOM_JUDGE_H

#include <stdbool.h>

#include "bench/plan/models.h"
#include "bench/plan/placement.h"
#include "bench/trial/row.h"

/* What is known of a trial besides its row. */
struct judge_facts {
    const struct model *model;
    const struct placement *placement;
    bool settling;                 /* every connection was to have an answer before the load */
    const char *generator_verdict; /* what the load generator said of itself */
    const char *generator_reason;
    bool on_time; /* of an open loop: what was late was not late by the generator itself */
    /* Requests a second of the windows of the trial, where it has several. */
    const double *windows;
    size_t window_count;
    bool older; /* a row of a version that did not hold its figures against one another */
};

/* Set row->verdict, row->reason, row->disturbed and row->note from what was measured.
 *
 * INVALID, for one of these reasons:
 * - No request was answered.
 * - An answer was wrong, or had a status other than 2xx. One such answer is enough: here the driver
 *   is stricter than --max-errors of the generator.
 * - The generator's outcomes do not add up, or other figures contradict one another: percentiles
 *   that fall, a mean above the maximum, a rate that is not answers by time (trial/consistent.h).
 * - A model that can hold all connections at once (judge_holds_all()) did not get them all, or did
 *   not answer each before the load began where that was asked for.
 * - A CPU quota, the hypervisor or other programs disturbed the trial (common/disturbed.h): the
 *   figures are too low. What others took must also be more than two ticks of the clock by which
 *   the kernel reports CPU time. Where only system calls are counted (block 0) others may disturb.
 * - The counters cover another window than the answers do, by more than 5 %.
 * - Throughput, mean latency and connections break Little's law (trial/consistent.h; not in block
 *   0).
 * - The threads of the generator neither ran nor slept for more than 0.15 of the window: others
 *   kept them from their CPUs. (Where their sleep is known, and each has a CPU.)
 * - The generator calls its run FAILED or, but for block 0, INVALID (loadgen/report/verdict.h).
 *
 * generator-limited: the generator was saturated while the server still had CPU to spare (below
 * 95 % of what it was given), or both share their CPUs. The figures are a lower bound of the
 * server's.
 *
 * The note tells of windows on two levels (base/levels.h), which are no fault of the trial. On the
 * axes rate and load it tells of an overload: the server had all connections busy, so that a part
 * of the schedule was sent late, and the generator was on time. That is what is asked about there.
 */
void judge(struct trial_row *row, const struct judge_facts *facts);

/* With this a note begins that tells of an overload; what the generator said comes behind. */
extern const char judge_overload[];

/* Can the model serve so many connections at a time? */
bool judge_holds_all(const struct model *m, unsigned connections);

#endif
