#include "loadgen/mpi/team.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

/* Between two looks. */
#define LOOK_NS 200000

/* The round trip that took least is the one with the best bound. So many are made, and up to so
 * many more while none is good. */
#define ROUNDS      64
#define MORE_ROUNDS 1024
#define GOOD_NS     UINT64_C(200000)

enum { TAG_TURN, TAG_PING, TAG_PONG };

static void wait_quietly(MPI_Request *request)
{
    const struct timespec look = {.tv_nsec = LOOK_NS};
    int done = 0;

    while (MPI_Test(request, &done, MPI_STATUS_IGNORE), !done)
        nanosleep(&look, NULL);
}

void team_meet(const struct team *team)
{
    MPI_Request request;

    (void)team;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    wait_quietly(&request);
}

void team_join(struct team *team)
{
    char name[HOST_NAME_SIZE - 12] = "";

    MPI_Comm_rank(MPI_COMM_WORLD, &team->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &team->size);
    gethostname(name, sizeof name - 1);
    char(*names)[sizeof name] = xcalloc((unsigned long)team->size, sizeof name);
    MPI_Allgather(name, sizeof name, MPI_CHAR, names, sizeof name, MPI_CHAR, MPI_COMM_WORLD);
    int same = 0;
    for (int i = 0; i < team->size; i++)
        same += strcmp(names[i], name) == 0;
    free(names);
    if (same > 1)
        snprintf(team->name, sizeof team->name, "%s:%d", name, team->rank);
    else
        snprintf(team->name, sizeof team->name, "%s", name);
}

/* On the first host: one round trip to `rank`. A reading with the bound of that round trip. */
static struct clock_reading ping(int rank)
{
    uint64_t go_on = 1, theirs;
    uint64_t begin = clock_ns();

    MPI_Send(&go_on, 1, MPI_UINT64_T, rank, TAG_PING, MPI_COMM_WORLD);
    MPI_Recv(&theirs, 1, MPI_UINT64_T, rank, TAG_PONG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    uint64_t end = clock_ns();
    uint64_t half = (end - begin + 1) / 2;
    return (struct clock_reading){begin + half, (int64_t)(theirs - (begin + half)), half};
}

static struct clock_reading read_clock_of(int rank)
{
    uint64_t stop = 0;
    int ready;

    /* The other sleeps until it is its turn. */
    MPI_Send(&stop, 1, MPI_UINT64_T, rank, TAG_TURN, MPI_COMM_WORLD);
    MPI_Recv(&ready, 1, MPI_INT, rank, TAG_TURN, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    struct clock_reading best = ping(rank);
    for (unsigned i = 1; i < ROUNDS || (i < MORE_ROUNDS && best.bound_ns > GOOD_NS); i++) {
        struct clock_reading next = ping(rank);
        if (next.bound_ns < best.bound_ns)
            best = next;
    }
    MPI_Send(&stop, 1, MPI_UINT64_T, rank, TAG_PING, MPI_COMM_WORLD);
    return best;
}

static void answer_pings(void)
{
    MPI_Request request;
    uint64_t go_on = 0;
    int ready = 1;

    MPI_Irecv(&go_on, 1, MPI_UINT64_T, 0, TAG_TURN, MPI_COMM_WORLD, &request);
    wait_quietly(&request);
    MPI_Send(&ready, 1, MPI_INT, 0, TAG_TURN, MPI_COMM_WORLD);
    while (true) {
        MPI_Recv(&go_on, 1, MPI_UINT64_T, 0, TAG_PING, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (!go_on)
            return;
        uint64_t now = clock_ns();
        MPI_Send(&now, 1, MPI_UINT64_T, 0, TAG_PONG, MPI_COMM_WORLD);
    }
}

struct clock_reading team_clock(const struct team *team)
{
    struct clock_reading own = {.at = clock_ns()};
    struct clock_reading *all = NULL;
    MPI_Request request;

    if (team->rank == 0) {
        all = xcalloc((unsigned long)team->size, sizeof *all);
        all[0] = own;
        for (int i = 1; i < team->size; i++)
            all[i] = read_clock_of(i);
    } else {
        answer_pings();
    }
    MPI_Iscatter(all, sizeof own, MPI_BYTE, &own, sizeof own, MPI_BYTE, 0, MPI_COMM_WORLD,
                 &request);
    wait_quietly(&request);
    free(all);
    return own;
}

uint64_t team_first_clock(const struct team *team, uint64_t local)
{
    const struct clock_reading *a = &team->before, *b = &team->after;
    uint64_t rough = local - (uint64_t)a->offset_ns;

    if (b->at <= a->at)
        return rough;
    double part = ((double)rough - (double)a->at) / (double)(b->at - a->at);
    double drift = part * (double)(b->offset_ns - a->offset_ns);
    return rough - (uint64_t)(int64_t)drift;
}
