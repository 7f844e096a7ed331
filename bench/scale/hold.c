#include "bench/scale/hold.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/figures.h"
#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/base/wait.h"
#include "bench/scale/load.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"
#include "common/err.h"

/* Between two looks at the memory that is left. */
static const uint64_t look_ns = 100 * NS_PER_MS;
static const uint64_t connect_limit = 600 * NS_PER_S;
static const uint64_t end_limit = 120 * NS_PER_S;
/* From the word to the moment at which the first generator begins. */
static const uint64_t lead_ns = 500 * NS_PER_MS;
/* With --spread a generator begins its connections in bursts, this far apart (SPREAD_STEP_NS of
 * loadgen/pace/closed_loop.c). So the generators begin one after the other within that time: else
 * all bursts would fall together, and honest clients would wait behind them. */
static const uint64_t apart_ns = 50 * NS_PER_MS;
static const uint64_t honest_ns = 2 * NS_PER_S;

enum { HONEST_RATE = 1000, HONEST_SERVERS = 4 };

/* The kernel's memory is at rest where it falls by less from one look to the next. */
enum { REST_KIB = 256, REST_LOOKS_MAX = 30 };

struct pair {
    struct server server;
    struct scale_load load;
    unsigned connections;
};

struct hold {
    const struct scale_setup *setup;
    const struct scale_shape *shape;
    struct scale_point *out;
    struct pair *pairs;
    struct scale_load honest[HONEST_SERVERS];
    char *options;
    uint64_t think_ns, window_ns;
    char *reason;
    size_t reason_size;
};

static void say(const struct hold *h, const char *what)
{
    char number[32];
    fprintf(stderr, "%s: %s connections, %u server%s: %s\n", h->setup->model->name,
            figure_thousands(h->shape->connections, number), h->shape->pairs,
            text_s(h->shape->pairs), what);
}

static bool memory_suffices(struct hold *h)
{
    static const double gib = 1024.0 * 1024.0;
    double left = scale_available();

    h->out->least = fmin(h->out->least, left);
    if (left >= h->setup->reserve)
        return true;
    snprintf(h->reason, h->reason_size,
             "given up: %.2f GiB of memory are left, and %.2f are to stay free (--reserve)",
             left / gib, h->setup->reserve / gib);
    return false;
}

/* Wait until one of the descriptors is readable; looks at the memory meanwhile. Returns its index,
 * or a negative number with the reason. */
static int await(struct hold *h, const int *fds, int count, uint64_t deadline, const char *what)
{
    for (;;) {
        uint64_t now = clock_ns(), look = clock_after(now, look_ns);
        int which = wait_readable(fds, count, look < deadline ? look : deadline);
        if (!memory_suffices(h))
            return WAIT_TIMEOUT;
        if (which == WAIT_INTERRUPTED)
            h->reason[0] = '\0';
        else if (which == WAIT_TIMEOUT && now < deadline)
            continue;
        else if (which == WAIT_TIMEOUT)
            snprintf(h->reason, h->reason_size, "%s took too long", what);
        return which;
    }
}

static bool start_servers(struct hold *h)
{
    struct server_spec spec = {.model = h->setup->model,
                               .options = h->options,
                               .protocol = h->setup->protocol,
                               .path = "/",
                               .uncounted = true};

    say(h, "starting");
    for (unsigned i = 0; i < h->shape->pairs; i++) {
        h->pairs[i].connections = spec.connections = scale_part(h->shape, i);
        enum server_result result =
            server_start(&h->pairs[i].server, &spec, h->reason, h->reason_size);
        if (result == SERVER_INTERRUPTED)
            h->reason[0] = '\0';
        if (result != SERVER_OK || !memory_suffices(h))
            return false;
    }
    return true;
}

static double memory_of(const struct process *p, double *tasks)
{
    struct tree tree;
    tree_find(&tree, p->pid);
    double kib = tree_memory(&tree).pss_kib;
    *tasks += tree.threads;
    tree_free(&tree);
    return kib;
}

static void read_memory(struct hold *h, struct scale_memory *out)
{
    double ignored = 0;

    scale_memory_read(out);
    for (unsigned i = 0; i < h->shape->pairs; i++) {
        out->servers += memory_of(&h->pairs[i].server.process, &out->tasks);
        if (h->pairs[i].load.json)
            out->generators += memory_of(&h->pairs[i].load.process, &ignored);
    }
}

/* --- honest clients ------------------------------------------------------------------------ */

static unsigned honest_generators(const struct hold *h)
{
    unsigned n = h->shape->pairs < HONEST_SERVERS ? h->shape->pairs : HONEST_SERVERS;
    return n < h->setup->honest ? n : h->setup->honest;
}

static bool wait_end(struct hold *h, struct scale_load *l, uint64_t deadline)
{
    if (await(h, &l->process.pidfd, 1, deadline, "the end of the load") != 0)
        return false;
    return process_wait(&l->process, CLOCK_NEVER);
}

/* What is no answer and was not under way when the window closed. */
static double failures(const json_t *report)
{
    const char *name;
    json_t *value;
    double sum = 0;

    json_object_foreach(json_object_get(report, "outcomes"), name,
                        value) if (strcmp(name, "ok") != 0 && strcmp(name, "in_flight") != 0)
        sum += json_number_value(value);
    return sum;
}

static const char *first_cause(const json_t *report)
{
    const json_t *reasons = json_object_get(report, "reasons");
    void *first = json_object_iter((json_t *)reasons);
    const char *text = first ? json_string_value(json_object_iter_value(first)) : NULL;
    return text ? text : "";
}

static void note_honest(struct scale_honest *out, const json_t *report)
{
    *out = (struct scale_honest){.there = true,
                                 .clients = json_number(report, NULL, "connections"),
                                 .failed = failures(report),
                                 .requests = json_number(report, NULL, "requests"),
                                 .p50_us = json_number(report, "latency", "p50") / 1e3,
                                 .p99_us = json_number(report, "latency", "p99") / 1e3,
                                 .max_us = json_number(report, "latency", "max") / 1e3};
    snprintf(out->verdict, sizeof out->verdict, "%s", json_text(report, "verdict", ""));
    snprintf(out->cause, sizeof out->cause, "%s", first_cause(report));
}

static bool honest_reports(struct hold *h, unsigned n, uint64_t deadline,
                           struct scale_honest *out)
{
    json_t *reports[HONEST_SERVERS] = {0};
    bool good = true;

    for (unsigned i = 0; i < n && good; i++) {
        good = wait_end(h, &h->honest[i], deadline);
        if (good)
            reports[i] = scale_load_report(&h->honest[i], h->reason, h->reason_size);
        good = reports[i] != NULL;
    }
    json_t *all = good ? scale_load_merge(reports, n, h->reason, h->reason_size) : NULL;
    if (all)
        note_honest(out, all);
    json_decref(all);
    for (unsigned i = 0; i < n; i++)
        json_decref(reports[i]);
    return all != NULL;
}

/* A few clients that ask at a steady rate, of servers that are apart from one another. */
static bool ask_honestly(struct hold *h, enum scale_moment moment, uint64_t duration_ns)
{
    unsigned n = honest_generators(h);
    char name[32];

    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "honest-%u", i);
        scale_load_start(&h->honest[i],
                         &(struct scale_load_spec){
                             .program = h->setup->loadgen,
                             .dir = h->setup->dir,
                             .name = name,
                             .address = h->pairs[i * h->shape->pairs / n].server.address,
                             .protocol = h->setup->protocol,
                             .connections = scale_share(h->setup->honest, n, i),
                             .duration_ns = duration_ns,
                             .rate = scale_share(HONEST_RATE, n, i)});
    }
    bool good = n == 0 || honest_reports(h, n, clock_after(clock_ns(), duration_ns + end_limit),
                                         &h->out->honest[moment]);
    for (unsigned i = 0; i < n; i++)
        scale_load_destroy(&h->honest[i]);
    return good;
}

/* --- the crowd ----------------------------------------------------------------------------- */

static void start_crowd(struct hold *h, unsigned i)
{
    char name[32], sources[SCALE_SOURCE_TEXT];
    struct pair *p = &h->pairs[i];

    snprintf(name, sizeof name, "crowd-%u", i);
    scale_load_start(&p->load,
                     &(struct scale_load_spec){.program = h->setup->loadgen,
                                               .dir = h->setup->dir,
                                               .name = name,
                                               .address = p->server.address,
                                               .protocol = h->setup->protocol,
                                               .connections = p->connections,
                                               .duration_ns = h->window_ns,
                                               .gate = true,
                                               .think_ns = h->think_ns,
                                               .sources = scale_sources(h->shape, i, sources),
                                               .nofile = h->setup->descriptors});
}

static bool await_connected(struct hold *h, struct pair *p, uint64_t deadline)
{
    char rest[LOAD_EVENT_MAX];
    int fds[] = {p->load.events.fd, p->server.process.pidfd, p->load.process.pidfd};

    if (await(h, fds, 3, deadline, "connecting") < 0)
        return false;
    /* It writes one line until it is let through the gate. */
    enum load_result result =
        load_events_wait(&p->load.events, "connected", rest, &p->load.process,
                         &p->server.process, deadline, h->reason, h->reason_size);
    if (result == LOAD_INTERRUPTED)
        h->reason[0] = '\0';
    if (result != LOAD_OK)
        return false;
    if (strtoul(rest, NULL, 10) == p->connections)
        return true;
    snprintf(h->reason, h->reason_size, "of %u connections to one server %s came up",
             p->connections, rest);
    return false;
}

/* A few generators at a time: requests that are under way take memory of the kernel's TCP
 * (net.ipv4.tcp_mem), and listen queues are short. */
static bool connect_all(struct hold *h)
{
    uint64_t begun = clock_ns();
    uint64_t deadline = clock_after(begun, connect_limit);
    unsigned pairs = h->shape->pairs, started = 0;

    say(h, "connecting");
    for (unsigned up = 0; up < pairs; up++) {
        for (; started < pairs && started < up + h->setup->at_once; started++)
            start_crowd(h, started);
        if (!await_connected(h, &h->pairs[up], deadline))
            return false;
    }
    h->out->connect_s = (double)(clock_ns() - begun) / 1e9;
    return true;
}

static uint64_t unix_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return timespec_ns(t);
}

static bool await_crowd(struct hold *h, uint64_t deadline)
{
    for (unsigned i = 0; i < h->shape->pairs; i++)
        if (!wait_end(h, &h->pairs[i].load, deadline))
            return false;
    return true;
}

static bool judge(struct hold *h)
{
    struct scale_point *p = h->out;
    double settled = json_number(p->crowd, NULL, "settled");
    char number[32];

    p->answers = json_number(p->crowd, "fairness", "min");
    p->requests = json_number(p->crowd, NULL, "requests");
    p->failed = failures(p->crowd);
    p->rate = json_number(p->crowd, NULL, "requests_per_second");
    if (p->failed > 0)
        snprintf(h->reason, h->reason_size, "%s requests failed: %s",
                 figure_thousands(p->failed, number), first_cause(p->crowd));
    else if (settled < h->shape->connections)
        snprintf(h->reason, h->reason_size, "%s connections had an answer before the window",
                 figure_thousands(settled, number));
    else if (p->answers < h->setup->answers)
        snprintf(h->reason, h->reason_size,
                 "a connection had %.0f answers in the window, and each is to have %u",
                 p->answers, h->setup->answers);
    else
        return true;
    return false;
}

static bool crowd_reports(struct hold *h)
{
    unsigned n = h->shape->pairs, read = 0;
    json_t **reports = xcalloc(n, sizeof *reports);

    while (read < n &&
           (reports[read] = scale_load_report(&h->pairs[read].load, h->reason, h->reason_size)))
        read++;
    if (read == n)
        h->out->crowd = scale_load_merge(reports, n, h->reason, h->reason_size);
    for (unsigned i = 0; i < read; i++)
        json_decref(reports[i]);
    free(reports);
    return h->out->crowd && judge(h);
}

static double servers_cpu_us(const struct hold *h)
{
    double sum = 0;

    for (unsigned i = 0; i < h->shape->pairs; i++) {
        struct tree tree;
        tree_find(&tree, h->pairs[i].server.process.pid);
        sum += (double)tree_cpu_ns(&tree) / 1e3;
        tree_free(&tree);
    }
    return sum;
}

/* Each connection asks once in think_ns, from a moment of its own on. */
static bool ask_all(struct hold *h)
{
    struct scale_point *p = h->out;
    double before = servers_cpu_us(h);
    uint64_t start = unix_ns() + lead_ns;
    uint64_t end = clock_after(clock_ns(), lead_ns + h->window_ns + end_limit);

    say(h, "asking");
    for (unsigned i = 0; i < h->shape->pairs; i++)
        scale_load_go(&h->pairs[i].load, start + i * apart_ns / h->shape->pairs);
    if (!ask_honestly(h, SCALE_ASKING, h->setup->answers * h->think_ns) || !await_crowd(h, end))
        return false;
    double after = servers_cpu_us(h);
    bool good = crowd_reports(h);
    p->cpu_us = (after - before) / (p->requests + p->honest[SCALE_ASKING].requests);
    return good;
}

static bool dismiss_crowd(struct hold *h)
{
    for (unsigned i = 0; i < h->shape->pairs; i++)
        scale_load_dismiss(&h->pairs[i].load);
    return await_crowd(h, clock_after(clock_ns(), end_limit));
}

static bool stop_servers(struct hold *h)
{
    bool good = true;

    for (unsigned i = 0; i < h->shape->pairs && good; i++) {
        json_t *counters;
        good = server_stop(&h->pairs[i].server, &counters, h->reason, h->reason_size);
        if (good && json_number(counters, NULL, "refused") > 0) {
            snprintf(h->reason, h->reason_size, "a server refused %.0f connections",
                     json_number(counters, NULL, "refused"));
            good = false;
        }
        json_decref(counters);
    }
    return good;
}

/* The kernel gives back what connections and tasks held some time after their end (RCU). Waits for
 * that, for a bounded time. */
static bool await_rest(struct hold *h)
{
    double last = INFINITY, now;

    for (int i = 0; i < REST_LOOKS_MAX; i++, last = now) {
        now = kernel_memory().all;
        if (last - now < REST_KIB)
            return true;
        if (wait_readable(NULL, 0, clock_after(clock_ns(), look_ns)) == WAIT_INTERRUPTED) {
            h->reason[0] = '\0';
            return false;
        }
    }
    return true;
}

static bool go_through(struct hold *h)
{
    if (!start_servers(h) || (h->setup->answers && !ask_honestly(h, SCALE_ALONE, honest_ns)))
        return false;
    if (!await_rest(h))
        return false;
    read_memory(h, &h->out->before);
    if (!connect_all(h))
        return false;
    read_memory(h, &h->out->held);
    if (h->setup->answers && !(ask_honestly(h, SCALE_SILENT, honest_ns) && ask_all(h)))
        return false;
    return (h->setup->answers || dismiss_crowd(h)) && stop_servers(h);
}

static void set_times(struct hold *h)
{
    double round_s = (double)h->shape->connections / (double)h->setup->rate;
    uint64_t slack;

    h->think_ns = (uint64_t)(round_s * 1e9);
    if (h->think_ns < NS_PER_S)
        h->think_ns = NS_PER_S;
    /* An answer comes later than its request, and the next pause begins then. */
    slack = h->think_ns / 4 > 2 * NS_PER_S ? h->think_ns / 4 : 2 * NS_PER_S;
    h->window_ns = (h->setup->answers ? h->setup->answers : 1) * h->think_ns + slack;
}

bool scale_hold(const struct scale_setup *setup, const struct scale_shape *shape,
                struct scale_point *out, char *reason, size_t reason_size)
{
    struct hold h = {.setup = setup,
                     .shape = shape,
                     .out = out,
                     .pairs = xcalloc(shape->pairs, sizeof *h.pairs),
                     .reason = reason,
                     .reason_size = reason_size};

    *out = (struct scale_point){.shape = *shape, .least = INFINITY};
    h.options = text_format("--idle-timeout 0%s%s", setup->options ? " " : "",
                            setup->options ? setup->options : "");
    set_times(&h);
    bool good = go_through(&h);
    for (unsigned i = 0; i < shape->pairs; i++)
        scale_load_destroy(&h.pairs[i].load);
    for (unsigned i = 0; i < shape->pairs; i++)
        server_destroy(&h.pairs[i].server);
    free(h.pairs);
    free(h.options);
    return good;
}

void scale_point_free(struct scale_point *p)
{
    json_decref(p->crowd);
    p->crowd = NULL;
}

double scale_taken(const struct scale_point *p)
{
    const struct scale_memory *a = &p->before, *b = &p->held;
    return b->servers - a->servers + b->generators - a->generators + b->kernel.all -
           a->kernel.all;
}
