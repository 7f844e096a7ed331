/* The results of all hosts as one, exactly: counts and histograms are added, and what follows from
 * them is computed anew. */
#ifndef IOM_MPI_UNITE_H
#define IOM_MPI_UNITE_H

#include "loadgen/mpi/team.h"
#include "loadgen/report/result.h"

/* Every host calls it after its run, and every host gets the same result of all. Compares the
 * clocks once more. */
void unite(struct team *team, struct run *r, struct result *result);

#endif
