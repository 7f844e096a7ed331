/* iomodels crawl: clients that make many requests to a slow server. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/base/figures.h"
#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/commands/report_runs.h"
#include "bench/crawl/client.h"
#include "bench/crawl/csv.h"
#include "bench/crawl/files.h"
#include "bench/crawl/judge.h"
#include "bench/crawl/pictures.h"
#include "bench/crawl/plan.h"
#include "bench/crawl/queues.h"
#include "bench/crawl/scenario.h"
#include "bench/crawl/summary.h"
#include "bench/crawl/trial.h"
#include "bench/record/run_dir.h"
#include "bench/trial/perf.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

struct crawl_options {
    struct paths paths; /* first: paths_rows */
    const char *name;   /* a scenario, or the path of one */
    const char *clients, *out, *concurrency;
    unsigned repetitions; /* 0: as the scenario says */
    uint64_t seed;
};

static bool set_seed(void *target, const char *value)
{
    return parse_u64(value, 0, UINT64_MAX, &((struct crawl_options *)target)->seed);
}

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "clients", "A,B,...",
     "the clients: names, ours, external, queues (default: as the scenario says)",
     OPTION_FIELD(struct crawl_options, clients)},
    {OPTION_TEXT, 'c', "concurrency", "C,...",
     "requests at once, ascending (default: as the scenario says)",
     OPTION_FIELD(struct crawl_options, concurrency)},
    {OPTION_NUMBER, 0, "repetitions", "N", "jobs of each kind (default: as the scenario says)",
     OPTION_FIELD(struct crawl_options, repetitions), .low = 1, .high = 100},
    {OPTION_TEXT, 0, "out", "DIR",
     "the run directory (default: a new directory SCENARIO-DATE in results/)",
     OPTION_FIELD(struct crawl_options, out)},
    {OPTION_CALL, 0, "seed", "N", "of the order of the jobs (default: another each time)",
     .call = set_seed, .expects = "a number"},
    {OPTION_TEXT, 0, "clients-dir", "DIR",
     "where the client programs are (default: in this build)",
     OPTION_FIELD(struct crawl_options, paths.clients)},
    {OPTION_TEXT, 0, "external-clients", "DIR",
     "where the files of external clients are (default: bench/external-clients)",
     OPTION_FIELD(struct crawl_options, paths.external_clients)},
    {OPTION_TEXT, 0, "queues", "DIR",
     "where the files of workers that a queue feeds are (default: bench/queues)",
     OPTION_FIELD(struct crawl_options, paths.queues)},
    {0},
};

_Static_assert(offsetof(struct crawl_options, paths) == 0, "paths_rows");

/* A run under way. */
struct run {
    const struct crawl_options *o;
    struct crawl_scenario scenario;
    struct crawl_clients clients;
    struct crawl_plan plan;
    struct placement placement;
    struct model server;
    char *dir, *body;
    FILE *csv;
    struct crawl_rows rows;
    size_t failed; /* jobs */
};

static void parse(struct crawl_options *o, int argc, char **argv)
{
    const struct command_line line = {
        .usage = "iomodels crawl [SCENARIO] [OPTIONS]\n",
        .about =
            "Have each client do the job of a crawler: N requests, at most C at once, to a server "
            "that waits before each answer; and see what the server saw of it. SCENARIO is crawl "
            "(default), crawl-defaults, queues, or a file.",
        .notes =
            "Writes crawl.csv, summary.txt, pictures and report.html. docs/clients/README.md tells "
            "what the figures mean.",
        .tables = {rows, paths_rows},
        .target = o,
    };
    if (getrandom(&o->seed, sizeof o->seed, 0) != sizeof o->seed)
        o->seed = clock_ns();
    int at = command_line_read(&line, argc, argv);
    if (argc - at > 1)
        die_usage("'%s' is one scenario too many", argv[at + 1]);
    if (at < argc)
        o->name = argv[at];
    paths_find(&o->paths);
}

static void read_scenario(struct run *r)
{
    char error[1024];
    const char *name = r->o->name;
    size_t n = strlen(name);
    bool is_file = strchr(name, '/') || (n > 4 && strcmp(name + n - 4, ".ini") == 0);
    char *file =
        is_file ? xstrdup(name) : text_format("%s/crawl/%s.ini", r->o->paths.scenarios, name);
    if (!crawl_scenario_read(file, &r->scenario, error, sizeof error))
        die_usage("%s", error);
    free(file);
    if (r->o->concurrency && !crawl_points_parse(&r->scenario, r->o->concurrency))
        die_usage("--concurrency: '%s' is not a list of ascending numbers from 1 to %d",
                  r->o->concurrency, CRAWL_CONCURRENCY_MAX);
    if (r->o->repetitions > 0)
        r->scenario.repetitions = r->o->repetitions;
}

static void find_clients(struct run *r)
{
    char error[1024];
    const char *wanted = r->o->clients ? r->o->clients : r->scenario.clients;
    crawl_find_ours(&r->clients, r->o->paths.clients);
    if (!crawl_find_externals(&r->clients, CRAWL_EXTERNAL, r->o->paths.external_clients, error,
                              sizeof error))
        warn("%s", error);
    if (!crawl_find_externals(&r->clients, CRAWL_QUEUE, r->o->paths.queues, error,
                              sizeof error))
        warn("%s", error);
    if (!crawl_select(&r->clients, wanted, error, sizeof error))
        die_usage("--clients: %s", error);
    crawl_look_up(&r->clients);
    for (size_t i = 0; i < r->clients.count; i++)
        if (r->clients.at[i].model.unsupported)
            warn("left out: %s: %s", r->clients.at[i].model.name,
                 r->clients.at[i].model.unsupported);
    crawl_plan_make(&r->plan, &r->scenario, &r->clients, r->o->seed);
    if (r->plan.count == 0)
        die("no client to measure is installed");
}

static void say(const struct crawl_row *row)
{
    char label[64], cpu[32];
    crawl_label(row->client, row->way, label);
    if (row->status != CRAWL_OK)
        printf("  %-28s C=%-5u %s: %s\n", label, row->concurrency,
               crawl_status_names[row->status], row->reason);
    else if (!row->counting)
        printf("  %-28s C=%-5u %8.3f s  efficiency %.3f  %8s CPU/request  %s%s%s\n", label,
               row->concurrency, row->value[CF_WALL_S], row->value[CF_EFFICIENCY],
               figure_time(row->value[CF_CPU_US], cpu), verdict_names[row->verdict],
               row->reason[0] ? ": " : "", row->reason);
    fflush(stdout);
}

/* What it makes at once, it says itself; the next job of it is planned with that. */
static void learn(struct crawl_client *c, const struct crawl_row *row)
{
    double told = row->value[CF_AT_ONCE];
    if (row->way == CRAWL_FIRST && row->status == CRAWL_OK && told >= 1 && told < 1e6)
        c->at_once[CRAWL_FIRST] = (unsigned)told;
}

/* False where there was an interrupt. */
static bool do_job(struct run *r, const struct crawl_job *job, unsigned trial)
{
    struct crawl_client *c = &r->clients.at[job->client];
    const struct crawl_setup setup = {
        .server = &r->server, .placement = &r->placement, .body = r->body};
    struct crawl_row row = {.trial = trial,
                            .repetition = job->repetition,
                            .counting = job->counting,
                            .kind = c->kind,
                            .way = job->way,
                            .concurrency = job->concurrency,
                            .wait_ms = r->scenario.wait_ms,
                            .status = CRAWL_SKIPPED,
                            .verdict = VERDICT_INVALID};
    for (int i = 0; i < CRAWL_FIGURE_COUNT; i++)
        row.value[i] = NAN;
    snprintf(row.client, sizeof row.client, "%s", c->model.name);
    row.requests = crawl_requests(&r->scenario, c, job, row.reason, sizeof row.reason);
    if (row.requests > 0 && !crawl_measure(&setup, c, &row))
        return false;
    learn(c, &row);
    crawl_csv_put(r->csv, &row);
    crawl_rows_add(&r->rows, &row);
    r->failed += row.status == CRAWL_FAILED;
    say(&row);
    return true;
}

static void do_all(struct run *r)
{
    for (size_t i = 0; i < r->plan.count && !wait_was_interrupted(); i++)
        if (!do_job(r, &r->plan.at[i], (unsigned)i + 1))
            return;
}

static void tell(struct run *r)
{
    struct crawl_points points;
    char error[512];
    crawl_summarise(&points, &r->rows);
    char *finding = crawl_finding(&points);
    crawl_tell(stdout, &points, finding);
    queues_table(stdout, &points, FORMAT_TERMINAL);
    fflush(stdout);
    crawl_files_write(r->dir, &r->scenario, finding, &points);
    if (!crawl_pictures_draw(r->dir, r->o->paths.scripts, &r->scenario, &points, error,
                             sizeof error))
        warn("no picture: %s", error);
    free(finding);
    crawl_points_free(&points);
    report_runs_below(r->dir);
}

static void open_directory(struct run *r)
{
    r->dir = r->o->out ? xstrdup(r->o->out)
                       : run_dir_make_new(r->o->paths.results, r->scenario.name);
    run_dir_make(r->dir);
    r->csv = crawl_csv_open(r->dir);
    run_dir_begin(r->dir, r->scenario.text);
    r->body = text_format("%s/body.txt", r->dir);
}

/* Said once, and not of each job: what no job can be judged by. */
static void probe_counters(const struct run *r)
{
    bool has[PERF_COUNTERS];
    char why[512];
    perf_probe(has, why, sizeof why);
    if (!has[PERF_TASK_CLOCK])
        warn("perf gives no CPU time: whether other programs took CPUs, or the server was the "
             "limit, cannot be judged; see /proc/sys/kernel/perf_event_paranoid");
    else if (!has[PERF_SYSCALLS] && r->scenario.count_at > 0)
        warn("system calls are not counted: %s", why);
}

static void prepare(struct run *r)
{
    char reason[512];
    const struct crawl_setup setup = {.server = &r->server, .placement = &r->placement};
    own_descriptors_raise();
    read_scenario(r);
    find_clients(r);
    r->server = (struct model){.name = (char *)"epoll-et",
                               .path = text_format("%s/epoll-et", r->o->paths.servers)};
    if (access(r->server.path, X_OK) != 0)
        die_errno("cannot run the server %s", r->server.path);
    placement_choose(&r->placement, 1);
    if (r->placement.shared)
        warn("server and client share the CPUs: no figure is the client's alone");
    probe_counters(r);
    open_directory(r);
    wait_hold_signals();
    process_adopt_orphans();
    signal(SIGPIPE, SIG_IGN);
    if (!crawl_fetch_body(&setup, r->body, reason, sizeof reason) && !wait_was_interrupted())
        die("%s: %s", r->server.name, reason);
}

static int run(const struct crawl_options *o)
{
    struct run r = {.o = o};
    prepare(&r);
    int lock = run_dir_lock(r.dir);
    crawl_machine_write(r.dir, &r.placement, o->seed);
    fprintf(stderr, "%s: %zu clients, %zu jobs, results in %s\n", r.scenario.name,
            r.clients.count, r.plan.count, r.dir);
    do_all(&r);
    crawl_csv_close(r.csv, r.dir);
    if (r.rows.count > 0)
        tell(&r);
    wait_release_signals();
    size_t failed = r.failed;
    if (failed > 0)
        warn("%zu job%s failed", failed, text_s((double)failed));
    crawl_rows_free(&r.rows);
    crawl_plan_free(&r.plan);
    crawl_clients_free(&r.clients);
    crawl_scenario_free(&r.scenario);
    free(r.server.path);
    free(r.body);
    free(r.dir);
    if (lock >= 0)
        close(lock);
    return wait_was_interrupted() ? 130 : failed > 0 ? 1 : 0;
}

int command_crawl(int argc, char **argv)
{
    struct crawl_options o = {.name = "crawl"};
    parse(&o, argc, argv);
    return run(&o);
}
