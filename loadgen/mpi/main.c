/* iomodels-load-mpi: the load generator on several hosts together, started by mpirun or srun. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/inherit.h"
#include "loadgen/cli/options.h"
#include "loadgen/load/reach.h"
#include "loadgen/mpi/start.h"
#include "loadgen/mpi/team.h"
#include "loadgen/mpi/unite.h"
#include "loadgen/report/crew.h"
#include "loadgen/report/output.h"
#include "loadgen/report/report.h"
#include "loadgen/report/search.h"

static const char *own_json;

static const struct option_row rows[] = {
    {OPTION_HEADING, .name = "", .help = "On several hosts"},
    {OPTION_TEXT, 0, "own-json", "PREFIX",
     "each host also writes what it measured itself, as iomodels-load --json does, to "
     "PREFIX.RANK.json on that host",
     OPTION_VARIABLE(own_json)},
    {.name = NULL},
};

static const char usage[] =
    "mpirun [...] iomodels-load-mpi [OPTIONS] URL...\n"
    "       The options of iomodels-load. Numbers of connections and requests (-c, -n, --idle\n"
    "       and so on) and rates (-R, --ramp) are those of all hosts together, and are divided\n"
    "       among them; -t is of each host. docs/many-machines.md";

struct mpi_crew {
    struct crew crew; /* first */
    struct start start;
    struct team team;
};

/* The first host reads the command line before the others, so that what is wrong is told once. */
static struct {
    bool reading, done;
    int rank;
} stage;

/* on_exit(3): the program ends while others wait. */
static void let_go(int status, void *unused)
{
    (void)unused;
    if (stage.done)
        return;
    if (stage.reading && stage.rank == 0) {
        int good = 0;
        MPI_Bcast(&good, 1, MPI_INT, 0, MPI_COMM_WORLD);
        MPI_Finalize();
        return;
    }
    /* Else nobody else would end: they wait for this one. */
    fflush(NULL);
    MPI_Abort(MPI_COMM_WORLD, status);
}

/* Does the command line ask for what needs no MPI? */
static bool asks_for_text(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        size_t n = strlen(argv[i]);
        if (strcmp(argv[i], "-h") == 0 || (n >= 5 && strncmp("--help", argv[i], n) == 0) ||
            (n >= 3 && strncmp("--version", argv[i], n) == 0))
            return true;
    }
    return false;
}

static void check(const struct options *o, const struct team *team)
{
    uint32_t size = (uint32_t)team->size;
    static const char one[] = "is about one generator, and these are of several hosts";

    if (o->gate || o->windows || o->hold)
        die_usage("--%s: it %s", o->gate ? "gate" : o->windows ? "windows" : "hold", one);
    if (o->data_from_stdin || o->urls_from_stdin)
        die_usage("--%s: standard input reaches the first host alone",
                  o->data_from_stdin ? "data" : "urls");
    if (o->connections / size < o->threads)
        die_usage("--connections: %u for %u hosts of %u threads: each thread needs one",
                  o->connections, size, o->threads);
    if (o->requests > 0 && o->requests < (uint64_t)size * o->threads)
        die_usage("--requests: %llu for %u hosts of %u threads: each thread needs one",
                  (unsigned long long)o->requests, size, o->threads);
}

/* The part of `all` that is of this host. */
static uint64_t part(uint64_t all, const struct team *team)
{
    uint64_t size = (uint64_t)team->size;
    return all / size + ((uint64_t)team->rank < all % size);
}

static void divide(struct options *o, const struct team *team)
{
    o->connections = (uint32_t)part(o->connections, team);
    o->requests = part(o->requests, team);
    o->idle = (uint32_t)part(o->idle, team);
    o->slow_readers = (uint32_t)part(o->slow_readers, team);
    o->slow_senders = (uint32_t)part(o->slow_senders, team);
    /* The threads of all hosts take turns in one schedule, which has the whole rate. */
    o->threads_in_all = o->threads * (uint32_t)team->size;
    o->threads_before = o->threads * (uint32_t)team->rank;
    o->seed += (uint64_t)team->rank;
    o->csv_kept = o->csv != NULL;
    if (team->rank > 0) {
        o->json = o->hgrm = NULL;
        o->events_fd = -1;
        o->quiet = true;
    }
}

static void read_options(struct options *o, int argc, char **argv, const struct team *team)
{
    int good = 1;

    stage.reading = true;
    if (team->rank == 0) {
        options_parse(o, argc, argv);
        check(o, team);
        output_check(o->json);
        output_check(o->hgrm);
        output_check(o->csv);
    }
    MPI_Bcast(&good, 1, MPI_INT, 0, MPI_COMM_WORLD);
    stage.reading = false;
    if (!good) {
        stage.done = true;
        MPI_Finalize();
        exit(EXIT_SUCCESS);
    }
    if (team->rank > 0)
        options_parse(o, argc, argv);
    divide(o, team);
}

static void write_own(const struct team *team, const struct run *r, const struct result *result)
{
    char path[4096];

    snprintf(path, sizeof path, "%s.%d.json", own_json, team->rank);
    if (!report_json(path, r, result, NULL))
        exit(EXIT_FAILURE);
}

static void unite_all(struct crew *crew, struct run *r, struct result *result)
{
    struct mpi_crew *c = (struct mpi_crew *)crew;

    if (own_json)
        write_own(&c->team, r, result);
    unite(&c->team, r, result);
}

/* MPI_Init() starts threads of its own. A signal that one of them could take would be the end. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        die_errno("cannot block signals");
}

int main(int argc, char **argv)
{
    static struct mpi_crew c;
    static char program[HOST_NAME_SIZE + 32];
    struct options options;
    int provided;

    err_set_program(argv[0]);
    output_begin();
    options_program(usage, "iomodels-load-mpi " IOM_VERSION, rows);
    if (asks_for_text(argc, argv))
        options_parse(&options, argc, argv);
    inherit_clean(INHERIT_LOST);
    block_signals();
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    on_exit(let_go, NULL);
    team_join(&c.team);
    stage.rank = c.team.rank;
    read_options(&options, argc, argv, &c.team);
    if (c.team.rank > 0) {
        snprintf(program, sizeof program, "iomodels-load-mpi %s", c.team.name);
        err_set_program(program);
    }
    start_init(&c.start, &c.team);
    c.crew =
        (struct crew){.gate = &c.start.gate, .unite = unite_all, .silent = c.team.rank > 0};
    if (c.crew.silent && !freopen("/dev/null", "w", stdout))
        die_errno("cannot open /dev/null");
    reach(&options);
    int status =
        options.goal.text ? search_main(&options, &c.crew) : crew_run(&options, &c.crew);
    options_free(&options);
    stage.done = true;
    MPI_Finalize();
    return c.crew.silent ? EXIT_SUCCESS : status;
}
