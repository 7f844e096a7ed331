/* What a run measures: scenario, servers and seed, from the command line, or from the run that is
 * gone on with. */
#ifndef IOM_RUN_INPUTS_H
#define IOM_RUN_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/commands/run_options.h"
#include "bench/plan/models.h"
#include "bench/plan/scenario.h"
#include "bench/record/environment.h"

struct run_inputs {
    char *file; /* the scenario's */
    struct scenario scenario;
    struct model_list models; /* to measure: our models, then external servers */
    struct model ours;        /* one of ours to ask for the right answer; path NULL: none */
    struct model yardstick;   /* that trials are held against; path NULL: none */
    uint64_t seed;
    bool counting; /* block 0 counts system calls */
};

/* Read the inputs of a run; ends the program with one line where an input is wrong. With o->resume
 * the inputs are those of the old run, whose environment is read into `old`; the caller frees
 * `old`. Else `old` stays as it is. `can_count`: this machine lets system calls be counted. */
void run_inputs_read(struct run_inputs *in, const struct run_options *o,
                     struct environment *old, bool can_count);

/* Whether the same servers can run here as when `old` was written; with another set the plan would
 * be another. False with what differs in `error`. */
bool run_inputs_same(const struct run_inputs *in, const struct environment *old, char *error,
                     size_t error_size);

void run_inputs_free(struct run_inputs *in);

#endif
