#include "loadgen/mpi/unite.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/report/verdict.h"

#define FIELDS 64

/* Counts of different places, to be added in one call. */
struct fields {
    uint64_t *at[FIELDS];
    int count;
};

static void add_field(struct fields *f, uint64_t *at)
{
    if (f->count == FIELDS)
        die("this is a bug: more than %d counts", FIELDS);
    f->at[f->count++] = at;
}

static void reduce(struct fields *f, MPI_Op op)
{
    uint64_t values[FIELDS];

    for (int i = 0; i < f->count; i++)
        values[i] = *f->at[i];
    MPI_Allreduce(MPI_IN_PLACE, values, f->count, MPI_UINT64_T, op, MPI_COMM_WORLD);
    for (int i = 0; i < f->count; i++)
        *f->at[i] = values[i];
}

/* An MPI_User_function: `count` histograms. */
static void merge_histograms(void *from, void *into, int *count, MPI_Datatype *type)
{
    struct histogram *a = from, *b = into;

    (void)type;
    for (int i = 0; i < *count; i++)
        histogram_merge(&b[i], &a[i]);
}

static void sum_histogram(struct histogram *h)
{
    static MPI_Datatype type = MPI_DATATYPE_NULL;
    static MPI_Op op;

    if (type == MPI_DATATYPE_NULL) {
        MPI_Type_contiguous((int)sizeof *h, MPI_BYTE, &type);
        MPI_Type_commit(&type);
        MPI_Op_create(merge_histograms, true, &op);
    }
    MPI_Allreduce(MPI_IN_PLACE, h, 1, type, op, MPI_COMM_WORLD);
}

/* A host without samples in a step has no histogram of it. */
static void sum_steps(struct steps *steps)
{
    for (uint32_t i = 0; i < steps->count; i++) {
        struct step *s = &steps->all[i];
        struct fields f = {0};
        add_field(&f, &s->scheduled);
        add_field(&f, &s->answered);
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            add_field(&f, &s->outcomes[k]);
        reduce(&f, MPI_SUM);
        int any = s->response != NULL;
        MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
        if (any && !s->response)
            s->response = record_histogram();
        if (any)
            sum_histogram(s->response);
    }
}

static void sum_open(struct open_record *open)
{
    struct fields f = {0};

    add_field(&f, &open->scheduled);
    add_field(&f, &open->sent);
    add_field(&f, &open->sent_in_window);
    add_field(&f, &open->sent_in_time);
    add_field(&f, &open->unsent);
    add_field(&f, &open->queue_max);
    add_field(&f, &open->queue_waited);
    add_field(&f, &open->spun_ns);
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        add_field(&f, &open->outcomes[k]);
    reduce(&f, MPI_SUM);
    MPI_Allreduce(MPI_IN_PLACE, &open->queue_area, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    sum_histogram(&open->service);
    sum_histogram(&open->lateness);
    sum_histogram(&open->own_lateness);
    if (open->steps)
        sum_steps(open->steps);
}

static void sum_record(struct record *r)
{
    struct fields sums = {0}, most = {0};

    for (unsigned k = 0; k < COUNTS; k++)
        add_field(&sums, &r->window.n[k]);
    add_field(&sums, &r->in_flight_at_open);
    add_field(&sums, &r->in_flight_at_close);
    add_field(&sums, &r->user_us);
    add_field(&sums, &r->system_us);
    add_field(&sums, &r->cpu_span_ns);
    add_field(&sums, &r->coalesced_ns);
    add_field(&sums, &r->coalesced_slept_ns);
    add_field(&sums, &r->slept_ns);
    add_field(&sums, &r->spun_ns);
    reduce(&sums, MPI_SUM);
    add_field(&most, &r->oldest_in_flight_ns);
    add_field(&most, &r->drain_took_ns);
    reduce(&most, MPI_MAX);
    sum_histogram(r->latency);
    if (r->connect_time) {
        sum_histogram(r->connect_time);
        sum_histogram(r->first_byte);
    }
    MPI_Allreduce(MPI_IN_PLACE, r->by_target, (int)r->targets * COUNT_OUTCOMES, MPI_UINT64_T,
                  MPI_SUM, MPI_COMM_WORLD);
    if (r->open_loop)
        sum_open(r->open_loop);
}

/* The first cause of each outcome on the first host that has one. */
static void share_reasons(const struct team *team, struct record *r, struct hosts *hosts)
{
    char own[COUNT_OUTCOMES][sizeof hosts->reasons[0]] = {0};
    char(*all)[COUNT_OUTCOMES][sizeof hosts->reasons[0]] =
        xcalloc((unsigned long)team->size, sizeof own);

    for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
        if (r->reasons[k])
            snprintf(own[k], sizeof own[k], "%s", r->reasons[k]);
    MPI_Allgather(own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, MPI_COMM_WORLD);
    for (unsigned k = 0; k < COUNT_OUTCOMES; k++) {
        for (int i = 0; i < team->size && !hosts->reasons[k][0]; i++)
            memcpy(hosts->reasons[k], all[i][k], sizeof own[k]);
        r->reasons[k] = hosts->reasons[k][0] ? hosts->reasons[k] : NULL;
    }
    free(all);
}

/* Fairness is that of all connections together. */
static void share_answers(const struct team *team, struct result *result)
{
    int *counts = xcalloc((unsigned long)team->size, sizeof *counts);
    int *places = xcalloc((unsigned long)team->size, sizeof *places);
    int own = (int)result->connections;
    int sum = 0;

    MPI_Allgather(&own, 1, MPI_INT, counts, 1, MPI_INT, MPI_COMM_WORLD);
    for (int i = 0; i < team->size; i++) {
        places[i] = sum;
        sum += counts[i];
    }
    uint64_t *all = xmalloc((unsigned long)sum * sizeof *all);
    MPI_Allgatherv(result->answers, own, MPI_UINT64_T, all, counts, places, MPI_UINT64_T,
                   MPI_COMM_WORLD);
    free(result->answers);
    result->answers = all;
    result->connections = (uint64_t)sum;
    free(counts);
    free(places);
}

/* What the run says besides, of all hosts: reports read it. */
static void sum_run(struct run *r)
{
    struct fields f = {0};
    uint64_t few[2 + 4 * BACKGROUND_KINDS] = {r->connected, r->settled};
    uint64_t stopped = run_stopped(r), signalled = moments_flag(&r->moments.signalled);
    uint64_t *at = few + 2;

    for (unsigned i = 0; i < BACKGROUND_KINDS; i++) {
        const struct background_count *c = &r->background.counts[i];
        *at++ = c->asked;
        *at++ = c->open_at_start;
        *at++ = c->open_at_end;
        *at++ = c->lost_at_end;
    }
    for (unsigned i = 0; i < sizeof few / sizeof few[0]; i++)
        add_field(&f, &few[i]);
    add_field(&f, &r->background.cpu_us);
    add_field(&f, &stopped);
    add_field(&f, &signalled);
    reduce(&f, MPI_SUM);
    r->connected = (uint32_t)few[0];
    r->settled = (uint32_t)few[1];
    at = few + 2;
    for (unsigned i = 0; i < BACKGROUND_KINDS; i++) {
        struct background_count *c = &r->background.counts[i];
        c->asked = (uint32_t)*at++;
        c->open_at_start = (uint32_t)*at++;
        c->open_at_end = (uint32_t)*at++;
        c->lost_at_end = *at++;
    }
    r->background.total = r->background.counts[0].asked + r->background.counts[1].asked +
                          r->background.counts[2].asked;
    if (stopped)
        atomic_store(&r->moments.stopped, true);
    if (signalled)
        atomic_store(&r->moments.signalled, true);
}

/* What all were asked for. The rate has been that of all from the beginning. */
static void whole_options(struct run *r)
{
    struct fields f = {0};
    struct options *o = &r->whole;

    *o = *r->options;
    uint64_t few[] = {o->connections, o->threads, o->idle, o->slow_readers, o->slow_senders};
    for (unsigned i = 0; i < sizeof few / sizeof few[0]; i++)
        add_field(&f, &few[i]);
    add_field(&f, &o->requests);
    reduce(&f, MPI_SUM);
    o->connections = (uint32_t)few[0];
    o->threads = (uint32_t)few[1];
    o->idle = (uint32_t)few[2];
    o->slow_readers = (uint32_t)few[3];
    o->slow_senders = (uint32_t)few[4];
    r->options = o;
}

static struct host own_host(const struct team *team, const struct run *r,
                            const struct result *result)
{
    const struct clock_reading *a = &team->before, *b = &team->after;
    struct host h = {
        .requests = result->sum.window.n[COUNT_OK],
        .window_ns = result->window_ns,
        .cpu_fraction = result->cpu_fraction,
        .offset_ns = a->offset_ns,
        .bound_ns = a->bound_ns > b->bound_ns ? a->bound_ns : b->bound_ns,
    };

    (void)r;
    memcpy(h.name, team->name, sizeof h.name);
    snprintf(h.verdict, sizeof h.verdict, "%s", result->verdict);
    memcpy(h.reason, result->verdict_reason, sizeof h.reason);
    if (result->sum.opened_at > 0)
        h.opened_ns = team_first_clock(team, result->sum.opened_at + result->opened_late_ns);
    return h;
}

/* Who did what, and when each was in its window. */
static struct hosts *share_hosts(const struct team *team, const struct run *r,
                                 const struct result *result)
{
    struct host own = own_host(team, r, result);
    uint64_t first = UINT64_MAX;
    struct hosts *hosts =
        xcalloc(1, sizeof *hosts + (unsigned long)team->size * sizeof hosts->each[0]);

    hosts->count = (uint32_t)team->size;
    MPI_Allgather(&own, sizeof own, MPI_BYTE, hosts->each, sizeof own, MPI_BYTE,
                  MPI_COMM_WORLD);
    for (uint32_t i = 0; i < hosts->count; i++)
        if (hosts->each[i].opened_ns > 0 && hosts->each[i].opened_ns < first)
            first = hosts->each[i].opened_ns;
    for (uint32_t i = 0; i < hosts->count; i++) {
        struct host *h = &hosts->each[i];
        h->opened_ns = h->opened_ns > 0 ? h->opened_ns - first : 0;
        if (h->opened_ns > hosts->skew_ns)
            hosts->skew_ns = h->opened_ns;
        if (h->bound_ns > hosts->bound_ns)
            hosts->bound_ns = h->bound_ns;
    }
    return hosts;
}

/* The window of all: from the first opening to the last end, by the clock of the first host. */
static void unite_windows(const struct team *team, const struct run *r, struct result *result)
{
    struct record *sum = &result->sum;
    bool any = sum->opened_at > 0;
    uint64_t opened = any ? team_first_clock(team, sum->opened_at) : UINT64_MAX;
    uint64_t closed = any ? team_first_clock(team, sum->closed_at) : 0;
    uint64_t last = any ? team_first_clock(team, sum->opened_at + result->opened_late_ns) : 0;
    uint64_t unix_offset = r->unix_offset_ns;
    struct fields most = {0};

    MPI_Allreduce(MPI_IN_PLACE, &opened, 1, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
    add_field(&most, &closed);
    add_field(&most, &last);
    add_field(&most, &result->still_ns);
    reduce(&most, MPI_MAX);
    MPI_Bcast(&unix_offset, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    bool all = opened < UINT64_MAX;
    sum->opened_at = all ? opened : 0;
    sum->closed_at = closed;
    result->window_ns = all ? closed - opened : 0;
    result->opened_unix_ns = all ? opened + unix_offset : 0;
    result->opened_late_ns = all && last > opened ? last - opened : 0;
}

/* The first host takes the rows of all and writes the file of --csv. */
static void write_series(const struct team *team, struct run *r, uint64_t window_ns)
{
    struct series_rows *kept = &r->observer.kept;
    unsigned long size = kept->size;
    struct series_rows *each;

    if (size > INT_MAX)
        die("--csv: the rows are more than 2 GB: make --interval longer");
    if (team->rank > 0) {
        MPI_Send(&size, 1, MPI_UNSIGNED_LONG, 0, 0, MPI_COMM_WORLD);
        MPI_Send(kept->bytes, (int)size, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
        return;
    }
    each = xcalloc((unsigned long)team->size, sizeof *each);
    each[0] = *kept;
    for (int i = 1; i < team->size; i++) {
        MPI_Recv(&size, 1, MPI_UNSIGNED_LONG, i, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        each[i] = (struct series_rows){.bytes = xmalloc(size + 1), .size = size};
        MPI_Recv(each[i].bytes, (int)size, MPI_BYTE, i, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    if (!series_write_rows(r->options, each, (uint32_t)team->size, window_ns))
        r->observer.csv_failed = true;
    for (int i = 1; i < team->size; i++)
        free(each[i].bytes);
    free(each);
}

void unite(struct team *team, struct run *r, struct result *result)
{
    double most[] = {result->max_cpu_fraction, result->max_busy_fraction};

    /* Others may still drain. */
    team_meet(team);
    team->after = team_clock(team);
    struct hosts *hosts = share_hosts(team, r, result);
    result->hosts = hosts;
    unite_windows(team, r, result);
    sum_record(&result->sum);
    share_reasons(team, &result->sum, hosts);
    share_answers(team, result);
    MPI_Allreduce(MPI_IN_PLACE, &result->answered, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    result->max_cpu_fraction = most[0];
    result->max_busy_fraction = most[1];
    sum_run(r);
    whole_options(r);
    result_figures(result, r->options->threads);
    verdict_unite(result);
    if (r->options->csv)
        write_series(team, r, result->window_ns);
}
