/* May a measurement be believed? */
#ifndef IOM_JUDGE_H
#define IOM_JUDGE_H

#include <stdbool.h>

#include "bench/models.h"
#include "bench/placement.h"
#include "bench/trials_csv.h"

/* What is known of a trial besides its row. */
struct judge_facts {
    const struct model *model;
    const struct placement *placement;
    bool settling;                 /* every connection was to have an answer before the load */
    const char *generator_verdict; /* what the load generator said of itself */
    const char *generator_reason;
};

/* Set row->verdict and row->reason from what was measured.
 *
 * INVALID: no request was answered; an answer was wrong; the generator's outcomes do not add up;
 * the counters cover another window than the answers do (by more than 5 %); other programs
 * disturbed it; the generator calls its run FAILED, because more requests failed than its
 * --max-errors allows (loadgen/verdict.h; the rule is the generator's alone), or INVALID; or a model
 * that can hold all connections at once (judge_holds_all()) did not get them all, or did not answer
 * each before the load began where that was asked for. Where only system calls are counted (block 0) others may disturb.
 *
 * generator-limited: the generator was saturated while the server still had CPU to spare (below
 * 95 % of what it was given), or both share their CPUs. The figures are a lower bound of the
 * server's. */
void judge(struct trial_row *row, const struct judge_facts *facts);

/* Can the model serve so many connections at a time? Of one that cannot, requests that wait and are
 * lost are a figure of its own, the column `starved`. */
bool judge_holds_all(const struct model *m, unsigned connections);

/* Other programs took more than this part of the server's CPUs or of the load generator's, and
 * more than two clock ticks, in which the kernel reports it: the figures are too low. */
#define JUDGE_DISTURBED 0.15

/* What the reason of such a trial begins with. */
#define JUDGE_DISTURBED_REASON "disturbed: "

#endif
