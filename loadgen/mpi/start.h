/* The gate of a run under MPI: all hosts have their connections, their clocks are compared, and all
 * begin at one moment. A host that has no connection ends the run for all. */
#ifndef IOM_MPI_START_H
#define IOM_MPI_START_H

#include "loadgen/load/gate.h"
#include "loadgen/mpi/team.h"

struct start {
    struct gate gate; /* first */
    struct team *team;
};

/* Make `*start` the gate of the team, which must live as long. */
void start_init(struct start *start, struct team *team);

#endif
