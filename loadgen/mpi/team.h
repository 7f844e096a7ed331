/* The hosts of a run under MPI, and the few things they say to one another.
 *
 * Calls of MPI spin while they wait. So nothing here is called while a window is open, and where
 * one host may have to wait long for another it looks now and then, and sleeps. */
#ifndef IOM_MPI_TEAM_H
#define IOM_MPI_TEAM_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/report/hosts.h"

/* The clock of a host against that of the first: CLOCK_MONOTONIC here minus CLOCK_MONOTONIC there,
 * when the first was at `at`. The error of `offset_ns` is `bound_ns` at most. */
struct clock_reading {
    uint64_t at;
    int64_t offset_ns;
    uint64_t bound_ns;
};

struct team {
    int rank, size;
    char name[HOST_NAME_SIZE]; /* of the host; where several are on one host, with the rank */
    struct clock_reading before, after; /* the load, of this host */
};

/* After MPI_Init_thread(). */
void team_join(struct team *team);

/* Return when all have called it. */
void team_meet(const struct team *team);

/* Compare the clocks of all with that of the first. Returns that of this host. All call it. */
struct clock_reading team_clock(const struct team *team);

/* The moment `local` of this host's clock by that of the first; by a straight line between the two
 * readings, for clocks drift (10 ppm are 10 us a second). */
uint64_t team_first_clock(const struct team *team, uint64_t local);

#endif
