/* Whether a server of others can run here. */
#ifndef IOM_EXTERNAL_LOOK_UP_H
#define IOM_EXTERNAL_LOOK_UP_H

#include "bench/plan/models.h"

/* Find out whether a server of others can run here: sets `unsupported` of `m` where it cannot,
 * naming the packages to install where that is why. Runs what `try` says. */
void external_look_up(struct model *m);

#endif
