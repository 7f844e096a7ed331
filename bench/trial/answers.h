/* What our servers answer to a scenario's question: the servers of others are held against that. */
#ifndef IOM_ANSWERS_H
#define IOM_ANSWERS_H

#include <sched.h>
#include <stdbool.h>

#include "bench/plan/models.h"
#include "bench/plan/plan.h"
#include "bench/plan/scenario.h"
#include "bench/trial/answer.h"

/* Put the question to `ours`, in each protocol in which the plan measures a server of others. Ends
 * the program where `ours` does not answer; returns false when the user interrupted it. The caller
 * frees the answers in every case. */
bool answers_ask(struct answer answers[PROTOCOL_COUNT], const struct model *ours,
                 const struct scenario *s, const struct plan *plan, const cpu_set_t *cpus);

#endif
