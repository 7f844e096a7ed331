#include "bench/crawl/trial.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/base/wait.h"
#include "bench/crawl/judge.h"
#include "bench/trial/cpu_busy.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"
#include "common/err.h"

/* How long a client may take to start, and to end after its job; and at least for the job. */
static const uint64_t start_limit = 180 * NS_PER_S;
static const uint64_t end_limit = 60 * NS_PER_S;
static const uint64_t job_limit = 120 * NS_PER_S;
/* Reading /proc takes time of the client's CPU: at most one part in so many. */
static const uint64_t look_share = 50;
static const uint64_t look_every = 50 * NS_PER_MS;

/* The counters at one end of the job. */
struct reading {
    uint64_t at;
    struct perf_values client, server;
    struct cpu_busy client_busy, server_busy;
    struct root_cpu client_root;
    uint64_t own_cpu_ns; /* of this driver */
};

struct job {
    const struct crawl_setup *setup;
    struct crawl_row *row;
    struct server server;
    struct process client;
    struct perf perf; /* of the client */
    int events;       /* our end of the client's socket */
    uint64_t released;
    struct reading start, end;
    struct tree_memory most;
    double processes, threads;
    bool is_interrupted;
};

static bool fail(struct job *j, const char *what)
{
    if (j->row->status == CRAWL_OK)
        j->row->status = CRAWL_FAILED;
    if (what != j->row->reason)
        snprintf(j->row->reason, sizeof j->row->reason, "%s", what);
    return false;
}

static void take_reading(const struct job *j, struct reading *r)
{
    const struct placement *p = j->setup->placement;
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    r->at = clock_ns();
    r->own_cpu_ns = (uint64_t)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) * NS_PER_S +
                    (uint64_t)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) * 1000;
    perf_read(&j->perf, &r->client);
    perf_read(&j->server.perf, &r->server);
    r->client_root = tree_root_cpu(j->client.pid);
    r->client_busy = cpu_busy_read(&p->generator);
    r->server_busy = cpu_busy_read(&p->server);
}

static void look(struct job *j)
{
    struct tree tree;
    tree_find(&tree, j->client.pid);
    struct tree_memory now = tree_memory(&tree);
    j->most.rss_kib = fmax(j->most.rss_kib, now.rss_kib);
    j->most.pss_kib = fmax(j->most.pss_kib, now.pss_kib);
    j->processes = fmax(j->processes, (double)tree.count);
    j->threads = fmax(j->threads, tree.threads);
    tree_free(&tree);
}

/* The words of the client's command line; NULL with the reason. */
static char **make_argv(struct job *j, const struct crawl_client *c)
{
    const struct crawl_row *row = j->row;
    char **command = crawl_command(c, row->way, j->row->reason, sizeof j->row->reason);
    size_t n = 0;
    if (!command)
        return NULL;
    while (command[n])
        n++;
    char *more[] = {xstrdup("-c"),
                    text_format("%u", row->concurrency),
                    xstrdup("-n"),
                    text_format("%llu", (unsigned long long)row->requests),
                    xstrdup("--timeout"),
                    xstrdup("60s"),
                    xstrdup("--expect-body"),
                    xstrdup(j->setup->body),
                    xstrdup("--events-fd"),
                    text_format("%d", PROCESS_EXTRA_FD),
                    xstrdup("--json"),
                    xstrdup("-"),
                    text_format("http://%s/wait/%u?i={i}", j->server.address, row->wait_ms)};
    enum { MORE = sizeof more / sizeof more[0] };
    char **argv = xrealloc(command, (n + MORE + 1) * sizeof *argv);
    memcpy(argv + n, more, sizeof more);
    argv[n + MORE] = NULL;
    return argv;
}

static bool start_client(struct job *j, const struct crawl_client *c)
{
    int pair[2];
    char **argv = make_argv(j, c);
    if (!argv)
        return fail(j, j->row->reason);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        die_errno("cannot make a pair of sockets");
    process_start(&j->client, &(struct process_spec){.argv = (const char *const *)argv,
                                                     .cpus = &j->setup->placement->generator,
                                                     .input = -1,
                                                     .extra = pair[1],
                                                     .gated = true,
                                                     .homeless = true});
    perf_open(&j->perf, j->client.pid, j->row->counting);
    j->released = clock_ns();
    process_release(&j->client);
    close(pair[1]);
    j->events = pair[0];
    words_free(argv);
    return true;
}

/* It ended, or closed its socket: why. */
static bool ended_early(struct job *j)
{
    enum { UNSUPPORTED = 3 };
    char end[300];
    if (!process_wait(&j->client, clock_after(clock_ns(), NS_PER_S)))
        return fail(j, "the client closed the descriptor of its events");
    process_end_reason(&j->client, end, sizeof end);
    if (WIFEXITED(j->client.status) && WEXITSTATUS(j->client.status) == UNSUPPORTED)
        j->row->status = CRAWL_UNSUPPORTED;
    snprintf(j->row->reason, sizeof j->row->reason, "the client ended without its job: %s",
             end);
    return fail(j, j->row->reason);
}

/* Wait for the line `word`; meanwhile look at the client now and then where `looks` is set. */
static bool await(struct job *j, const char *word, uint64_t limit, bool looks)
{
    char line[16] = "";
    uint64_t deadline = clock_after(clock_ns(), limit), next = CLOCK_NEVER;
    size_t used = 0;
    if (looks)
        next = clock_after(clock_ns(), look_every);
    while (!strchr(line, '\n')) {
        int which = wait_readable(&j->events, 1, next < deadline ? next : deadline);
        if (which == WAIT_INTERRUPTED) {
            j->is_interrupted = true;
            return false;
        }
        if (which == WAIT_TIMEOUT && clock_ns() >= deadline) {
            snprintf(j->row->reason, sizeof j->row->reason,
                     "the client did not say '%s' within %llu s", word,
                     (unsigned long long)(limit / NS_PER_S));
            return fail(j, j->row->reason);
        }
        if (which == WAIT_TIMEOUT) {
            uint64_t before = clock_ns();
            look(j);
            uint64_t now = clock_ns(), pause = (now - before) * look_share;
            next = clock_after(now, pause > look_every ? pause : look_every);
            continue;
        }
        ssize_t n = read(j->events, line + used, sizeof line - 1 - used);
        if (n <= 0)
            return ended_early(j);
        used += (size_t)n;
        if (used == sizeof line - 1)
            break;
    }
    if (strncmp(line, word, strlen(word)) == 0 && line[strlen(word)] == '\n')
        return true;
    return fail(j, "the client says something else on the descriptor of its events");
}

static void answer(const struct job *j)
{
    ssize_t ignored = send(j->events, "\n", 1, MSG_NOSIGNAL);
    (void)ignored;
}

/* The client's own words, the object that begins a line of its output. */
static json_t *read_told(const struct job *j)
{
    char *text = process_output(&j->client);
    const char *at = text[0] == '{' ? text : strstr(text, "\n{");
    json_t *told = at ? json_loads(at, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    free(text);
    return told;
}

/* The longest that its job may take. One as first written of which it is not known what it makes at
 * once may make one. */
static uint64_t limit_of(const struct crawl_row *row, unsigned hands)
{
    uint64_t ideal = (uint64_t)(crawl_ideal_s(row) * 1e9);
    if (row->way == CRAWL_FIRST && hands == 0)
        return job_limit + 20 * ideal + 2 * row->requests * row->wait_ms * NS_PER_MS;
    if (hands > 0 && hands < row->concurrency)
        ideal *= row->concurrency / hands + 1;
    return job_limit + 20 * ideal;
}

/* From its start to its end, as it says itself. */
static bool run_client(struct job *j, const struct crawl_client *c)
{
    if (!start_client(j, c) || !await(j, "start", start_limit, false))
        return false;
    look(j);
    take_reading(j, &j->start);
    answer(j);
    if (!await(j, "end", limit_of(j->row, c->at_once[j->row->way]), true))
        return false;
    take_reading(j, &j->end);
    look(j);
    answer(j);
    if (!process_wait(&j->client, clock_after(clock_ns(), end_limit)))
        return fail(j, "the client did not end after its job");
    return true;
}

static double cpu_share(double ns, const struct job *j, int cpus)
{
    return ns / (double)(j->end.at - j->start.at) / cpus;
}

static double counted(const struct job *j, enum perf_counter which)
{
    return j->end.client.count[which] - j->start.client.count[which];
}

static double client_cpu_ns(const struct job *j)
{
    struct root_cpu used = {0};
    root_cpu_add(&used, j->start.client_root, j->end.client_root);
    return tree_cpu_with_ended(counted(j, PERF_TASK_CLOCK), used, 1);
}

/* NaN where either is not known; below 0 by rounding alone. */
static double rest(double busy, double known)
{
    return busy < known ? 0 : busy - known;
}

/* What the CPUs did besides. */
static void fill_shares(struct job *j)
{
    double *v = j->row->value;
    const struct placement *p = j->setup->placement;
    double client = client_cpu_ns(j);
    double server =
        j->end.server.count[PERF_TASK_CLOCK] - j->start.server.count[PERF_TASK_CLOCK];
    double own = (double)(j->end.own_cpu_ns - j->start.own_cpu_ns);
    v[CF_CLIENT_CPU] = cpu_share(client, j, p->generator_count);
    v[CF_SERVER_CPU] = cpu_share(server, j, p->server_count);
    double busy = cpu_busy_ns(&j->start.client_busy, &j->end.client_busy);
    double all = client + own + (p->shared ? server : 0);
    v[CF_OTHER_CLIENT] = cpu_share(rest(busy, all), j, p->generator_count);
    busy = cpu_busy_ns(&j->start.server_busy, &j->end.server_busy);
    v[CF_OTHER_SERVER] = cpu_share(rest(busy, p->shared ? all : server), j, p->server_count);
    v[CF_STOLEN_CLIENT] = cpu_share(
        j->end.client_busy.stolen_ns - j->start.client_busy.stolen_ns, j, p->generator_count);
    v[CF_STOLEN_SERVER] = cpu_share(
        j->end.server_busy.stolen_ns - j->start.server_busy.stolen_ns, j, p->server_count);
}

static void fill(struct job *j, const json_t *told, const json_t *counters, unsigned hands)
{
    struct crawl_row *row = j->row;
    double *v = row->value;
    double n = (double)row->requests;
    double said = json_number(told, NULL, "at_once");
    v[CF_WALL_S] = json_number(told, NULL, "wall_s");
    v[CF_IDEAL_S] = crawl_ideal_s(row);
    v[CF_EFFICIENCY] = v[CF_WALL_S] > 0 ? v[CF_IDEAL_S] / v[CF_WALL_S] : NAN;
    v[CF_START_S] = (double)(j->start.at - j->released) / 1e9;
    v[CF_START_CPU_S] = j->start.client.count[PERF_TASK_CLOCK] / 1e9;
    v[CF_CPU_US] = client_cpu_ns(j) / 1e3 / n;
    v[CF_SYSCALLS] = counted(j, PERF_SYSCALLS) / n;
    v[CF_SWITCHES] = counted(j, PERF_SWITCHES) / n;
    v[CF_RSS_KIB] = j->most.rss_kib;
    v[CF_PSS_KIB] = j->most.pss_kib;
    v[CF_PROCESSES] = j->processes;
    v[CF_THREADS] = j->threads;
    v[CF_OK] = json_number(told, "outcomes", "ok");
    v[CF_AT_ONCE] = isnan(said) && hands > 0 ? hands : said;
    v[CF_ANSWERED] = json_number(counters, NULL, "requests");
    v[CF_CONNECTIONS] = json_number(counters, NULL, "accepted");
    v[CF_MOST] = json_number(counters, NULL, "max_in_service");
    v[CF_EMPTY_RATE] = json_number(told, NULL, "empty_jobs_per_s");
    v[CF_LATENCY_P50_US] = json_number(told, NULL, "latency_p50_us");
    v[CF_LATENCY_P90_US] = json_number(told, NULL, "latency_p90_us");
    v[CF_WINDOW_S] = (double)(j->end.at - j->start.at) / 1e9;
    fill_shares(j);
}

static bool start_server(struct job *j)
{
    struct server_spec spec = {.model = j->setup->server,
                               .protocol = PROTOCOL_HTTP,
                               .connections = j->row->concurrency,
                               .path = "/wait/0",
                               .cpus = &j->setup->placement->server};
    enum server_result result =
        server_start(&j->server, &spec, j->row->reason, sizeof j->row->reason);
    j->is_interrupted = result == SERVER_INTERRUPTED;
    return result == SERVER_OK || fail(j, j->row->reason);
}

static void finish(struct job *j, const struct crawl_client *c, bool ran)
{
    char why[300], end[300];
    json_t *counters, *told = ran ? read_told(j) : NULL;
    if (!server_stop(&j->server, &counters, why, sizeof why) && ran)
        ran = fail(j, why);
    if (ran && !told) {
        process_end_reason(&j->client, end, sizeof end);
        snprintf(j->row->reason, sizeof j->row->reason, "the client told no figures: %s", end);
        ran = fail(j, j->row->reason);
    }
    if (ran) {
        fill(j, told, counters, c->at_once[j->row->way]);
        crawl_judge(j->row, &(struct crawl_facts){
                                .asked = crawl_digest(j->row->wait_ms, j->row->requests),
                                .answered = (uint64_t)json_integer_value(
                                    json_object_get(counters, "wait_targets")),
                                .placement = j->setup->placement});
    }
    json_decref(counters);
    json_decref(told);
}

static void note_time(char started[32])
{
    time_t now = time(NULL);
    struct tm t;
    strftime(started, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &t));
}

bool crawl_measure(const struct crawl_setup *setup, const struct crawl_client *c,
                   struct crawl_row *row)
{
    struct job j = {.setup = setup, .row = row, .events = -1, .most = {NAN, NAN, NAN}};
    row->status = CRAWL_OK;
    row->verdict = VERDICT_INVALID;
    row->reason[0] = '\0';
    for (int i = 0; i < CRAWL_FIGURE_COUNT; i++)
        row->value[i] = NAN;
    note_time(row->started);
    if (start_server(&j))
        finish(&j, c, run_client(&j, c));
    if (j.client.pid > 0)
        perf_close(&j.perf);
    process_destroy(&j.client);
    if (j.events >= 0)
        close(j.events);
    server_destroy(&j.server);
    if (process_end_all(2 * NS_PER_S) > 0 && row->status == CRAWL_OK)
        fail(&j, "processes of the client were left when the client had ended");
    if (row->status != CRAWL_OK)
        row->verdict = VERDICT_INVALID;
    return !j.is_interrupted;
}

bool crawl_fetch_body(const struct crawl_setup *setup, const char *path, char *reason,
                      size_t size)
{
    struct scenario s = {.path = (char *)"/wait/0"};
    struct answer a = {0};
    bool good = server_ask(setup->server, &s, PROTOCOL_HTTP, &setup->placement->server, &a,
                           reason, size) == SERVER_OK;
    FILE *f = good ? fopen(path, "we") : NULL;
    if (good) {
        good = f && fwrite(a.body, 1, a.body_size, f) == a.body_size;
        if ((f && !text_close(f)) || !good) {
            snprintf(reason, size, "cannot write %s: %s", path, strerror(errno));
            good = false;
        }
    }
    answer_free(&a);
    return good;
}
