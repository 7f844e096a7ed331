/* switch_threads, switch_processes: two threads, or two processes, on one CPU hand a turn to each
 * other by two eventfds: each writes to the other's and sleeps in a read of its own. Half of such
 * a round is a write, a read, a wake-up and a switch. What a write and a read of an eventfd cost
 * by themselves is measured beside it and taken off, so the figure is the wake-up and the switch.
 * lmbench measures context switches so, with pipes (lat_ctx; McVoy and Staelin, "lmbench: Portable
 * Tools for Performance Analysis", USENIX 1996). Neither side has data to bring back into the
 * cache. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/stats.h"
#include "bench/machine/probe.h"
#include "common/clock.h"

static struct {
    int ours, theirs, alone; /* eventfds */
    pthread_t thread;
    pid_t process;
} pair;

/* Of a batch. The medians of them are taken: a disturbance of the one kind of turns and not of the
 * other would be taken for the cost of a switch. */
enum { PIECES = 9 };

/* The last turn, which ends the partner. */
enum { TURN = 1, LAST_TURN = 2 };

static bool give(int fd, uint64_t turn)
{
    return write(fd, &turn, sizeof turn) == sizeof turn;
}

static bool take(int fd, uint64_t *turn)
{
    return read(fd, turn, sizeof *turn) == sizeof *turn;
}

static void *partner(void *none)
{
    uint64_t turn;
    while (take(pair.theirs, &turn) && turn == TURN && give(pair.ours, TURN))
        ;
    return none;
}

static bool open_eventfds(void)
{
    pair.ours = eventfd(0, EFD_CLOEXEC);
    pair.theirs = eventfd(0, EFD_CLOEXEC);
    pair.alone = eventfd(0, EFD_CLOEXEC);
    return pair.ours >= 0 && pair.theirs >= 0 && pair.alone >= 0;
}

static void close_eventfds(void)
{
    close(pair.ours);
    close(pair.theirs);
    close(pair.alone);
}

static void *open_thread(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    if (!open_eventfds())
        return probe_refused(why, why_size, "cannot make an eventfd");
    errno = pthread_create(&pair.thread, NULL, partner, NULL);
    return errno == 0 ? &pair : probe_refused(why, why_size, "cannot start a thread");
}

static void close_thread(void *state)
{
    (void)state;
    give(pair.theirs, LAST_TURN);
    pthread_join(pair.thread, NULL);
    close_eventfds();
}

static void *open_process(const struct probe_site *site, char *why, size_t why_size)
{
    (void)site;
    pid_t parent = getpid();
    if (!open_eventfds())
        return probe_refused(why, why_size, "cannot make an eventfd");
    pair.process = fork();
    if (pair.process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            partner(NULL);
        _exit(0);
    }
    return pair.process > 0 ? &pair : probe_refused(why, why_size, "cannot fork");
}

static void close_process(void *state)
{
    (void)state;
    give(pair.theirs, LAST_TURN);
    waitpid(pair.process, NULL, 0);
    close_eventfds();
}

/* The time of a write to `to` and a read from `from`; NaN where one fails. */
static double turns(int to, int from, unsigned n)
{
    uint64_t turn;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        if (!give(to, TURN) || !take(from, &turn))
            return NAN;
    return (double)(clock_ns() - begin) / n;
}

static double batch_switch(void *state, unsigned n)
{
    (void)state;
    double together[PIECES], alone[PIECES];
    unsigned repeats = (n + PIECES - 1) / PIECES;
    for (int i = 0; i < PIECES; i++) {
        together[i] = turns(pair.theirs, pair.ours, repeats);
        alone[i] = turns(pair.alone, pair.alone, repeats);
    }
    double whole = stats_spread(together, PIECES).median / 2;
    double taken_off = stats_spread(alone, PIECES).median;
    return whole < taken_off ? 0 : whole - taken_off; /* below nothing is a disturbance */
}

const struct probe_kind probes_switch_threads = {
    .open = open_thread,
    .close = close_thread,
    .apart = true,
    .probes = {{UNIT_SWITCH_THREADS, batch_switch}},
    .count = 1,
};

const struct probe_kind probes_switch_processes = {
    .open = open_process,
    .close = close_process,
    .apart = true,
    .probes = {{UNIT_SWITCH_PROCESSES, batch_switch}},
    .count = 1,
};
