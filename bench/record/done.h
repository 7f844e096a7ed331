/* Which trials of a plan have their row already. */
#ifndef IOM_DONE_H
#define IOM_DONE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/plan.h"
#include "bench/trial/peaks.h"

struct done {
    bool *at; /* by trial number - 1 */
    size_t count;
};

/* Read DIR/trials.csv, which need not be there; a last line that a killed writer left half is cut
 * off. Ends the program where a row is not of this plan. */
void done_read(struct done *done, const char *dir, const struct plan *plan,
               struct peaks *peaks);
void done_free(struct done *done);

#endif
