/* Measuring the unit costs: short batches of each, in rounds. A round makes one batch of every
 * cost, in an order that is drawn anew, so that a bad moment of the machine meets all costs alike.
 * A batch takes about a millisecond, less where little time is given. The figure is the median of
 * the batches. */
#ifndef IOM_MEASURE_H
#define IOM_MEASURE_H

#include <stdint.h>

#include "bench/machine/unit_costs.h"
#include "bench/plan/placement.h"

/* Long enough for sixty rounds or so. */
#define UNIT_COSTS_NS UINT64_C(3000000000)

/* Measure for about `budget_ns`, with set-up and at least three rounds, on the first CPU of the
 * server, and where two are needed also on the first of the generator. `session_program` is the
 * program session-cost; NULL where it is not known. The calling process must have one thread and
 * the usual scheduling; it is on its CPUs again afterwards. A signal that wait_hold_signals() holds
 * ends the measurement early: a cost that has no batch then says so. */
void unit_costs_measure(struct unit_costs *out, const struct placement *p, uint64_t budget_ns,
                        const char *session_program);

#endif
