#include "loadgen/mpi/start.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/load/run.h"

/* From the agreement to the start: the news must reach all. */
#define AHEAD_NS (200 * NS_PER_MS)

/* What a host says when it has tried its connections. */
struct word {
    char name[HOST_NAME_SIZE];
    char why[256]; /* "" where it can load */
    int stopped;   /* by a signal */
};

static struct word own_word(const struct start *s, struct run *r)
{
    struct word w = {.stopped = run_stopped(r)};
    char text[ADDR_TEXT_MAX];

    memcpy(w.name, s->team->name, sizeof w.name);
    if (r->connected == 0)
        snprintf(w.why, sizeof w.why, "cannot connect to %s: %s",
                 addr_format(&r->options->url.addr, text),
                 r->why_not ? r->why_not : "no answer");
    return w;
}

/* Every host hears every other: all come to the same decision. */
static bool agree(const struct start *s, struct run *r)
{
    struct word own = own_word(s, r);
    struct word *all = xcalloc((unsigned long)s->team->size, sizeof *all);
    const struct word *cannot = NULL;
    bool stopped = false;

    team_meet(s->team);
    MPI_Allgather(&own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, MPI_COMM_WORLD);
    for (int i = s->team->size - 1; i >= 0; i--) {
        stopped |= all[i].stopped;
        cannot = all[i].why[0] ? &all[i] : cannot;
    }
    if (stopped)
        atomic_store(&r->moments.stopped, true);
    else if (cannot)
        snprintf(r->called_off, sizeof r->called_off, "%s: %s", cannot->name, cannot->why);
    free(all);
    return !stopped && !cannot;
}

static bool wait_for_all(struct gate *gate, struct run *r, int signal_fd)
{
    struct start *s = (struct start *)gate;

    (void)signal_fd;
    if (!agree(s, r))
        return false;
    s->team->before = team_clock(s->team);
    uint64_t first = clock_ns() + AHEAD_NS;
    MPI_Bcast(&first, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    r->start_ns = first + (uint64_t)s->team->before.offset_ns;
    return true;
}

void start_init(struct start *start, struct team *team)
{
    *start = (struct start){.gate = {.wait = wait_for_all}, .team = team};
}
