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
};

/* Set row->verdict, row->reason and row->disturbed from what was measured.
 *
 * INVALID, for one of these reasons:
 * - No request was answered.
 * - An answer was wrong, or had a status other than 2xx. One such answer is enough: here the driver
 *   is stricter than --max-errors of the generator.
 * - The generator's outcomes do not add up.
 * - A model that can hold all connections at once (judge_holds_all()) did not get them all, or did
 *   not answer each before the load began where that was asked for.
 * - A CPU quota, the hypervisor or other programs disturbed the trial (common/disturbed.h): the
 *   figures are too low. What others took must also be more than two ticks of the clock by which
 *   the kernel reports CPU time. Where only system calls are counted (block 0) others may disturb.
 * - The counters cover another window than the answers do, by more than 5 %.
 * - The generator calls its run FAILED or, but for block 0, INVALID (loadgen/report/verdict.h).
 *
 * generator-limited: the generator was saturated while the server still had CPU to spare (below
 * 95 % of what it was given), or both share their CPUs. The figures are a lower bound of the
 * server's. */
void judge(struct trial_row *row, const struct judge_facts *facts);

/* Can the model serve so many connections at a time? Of one that cannot, requests that wait and are
 * lost are a figure of its own, the column `starved`. */
bool judge_holds_all(const struct model *m, unsigned connections);

#endif
