/* How much load the load generator could make, so that a reader sees how far from it a server
 * is. */
#ifndef IOM_CEILING_H
#define IOM_CEILING_H

#include <jansson.h>
#include <sched.h>
#include <stdio.h>

#include "bench/trial/row.h"

/* Its own ceiling: `loadgen` --null, a peer inside it that answers at once, for 0.3 s on `cpus`.
 * The members are those of "generator" in environment.json; a generator without --null, or one that
 * fails, gives null with the reason. DIR is where its results lie for a moment. */
json_t *ceiling_measure(const char *loadgen, const cpu_set_t *cpus, unsigned connections,
                        const char *dir);

/* What the trials say: the least CPU time that the generator took for a request of `protocol`. */
struct ceiling {
    const struct trial_row *row; /* where that was; NULL: nowhere */
    double cpu_us;               /* a request */
    double per_second;           /* requests that one CPU of the generator could make so */
};
struct ceiling ceiling_of(const struct trial_rows *rows, const char *protocol);

/* Add that to "generator" of `environment`, for each protocol. */
void ceiling_note(json_t *environment, const struct trial_rows *rows);

/* One line for `protocol`, without line break; the caller frees it. NULL where nothing is known. */
char *ceiling_text(const json_t *environment, const struct trial_rows *rows,
                   const char *protocol);

#endif
