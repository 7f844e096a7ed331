/* The cost model: CPU time of a request as a sum of counts, each times a unit cost of the machine.
 *
 * No figure that was measured of a server under load enters: the counts say what the server did,
 * the unit costs say what such a thing costs on the machine, and nothing is fitted. So what the
 * sum leaves of the measured CPU time is not known, and is shown as that. docs/explain.md has
 * every product; the comments of model.c have the reasons. */
#ifndef IOM_COST_MODEL_H
#define IOM_COST_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/cost/work.h"
#include "bench/machine/unit_costs.h"

/* X(IDENTIFIER, "name in files", "head of a table") */
#define COST_PARTS(X)                                                                          \
    X(TCP, "tcp", "TCP, copying")                                                              \
    X(ENTRY, "entry", "entering")                                                              \
    X(WAIT, "waiting", "waiting")                                                              \
    X(SWITCH, "switching", "switching")                                                        \
    X(WAKE, "waking", "waking")                                                                \
    X(SESSION, "session", "session")                                                           \
    X(FAULT, "faults", "faults")                                                               \
    X(ASKED, "asked", "asked for")

#define COST_PART_ENUM(id, name, head) PART_##id,
enum cost_part { COST_PARTS(COST_PART_ENUM) PART_COUNT };
#undef COST_PART_ENUM

extern const char *const cost_part_names[PART_COUNT];
extern const char *const cost_part_heads[PART_COUNT];

enum { COST_TERMS_MAX = 24 };

/* One product. */
struct cost_term {
    enum cost_part part;
    const char *what; /* "system calls" */
    double count;     /* for each request */
    double ns;        /* of one */
};

struct prediction {
    double part[PART_COUNT]; /* nanoseconds for each request: sums of the terms */
    double total;            /* the sum of the parts */
    struct cost_term terms[COST_TERMS_MAX]; /* those whose count is not 0 */
    size_t term_count;
};

/* Predict the CPU time of a request. False with one line in `error` where a count or a unit cost
 * that is needed is not there. */
bool cost_predict(struct prediction *out, const struct work *w, const struct unit_costs *u,
                  char *error, size_t error_size);

#endif
