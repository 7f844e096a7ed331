/* The closed loop of a thread: each connection sends its next request when the last is answered.
 * With think time (--think) it pauses between the two. */
#include <stdlib.h>

#include "common/err.h"
#include "common/random.h"
#include "loadgen/pace/pacing.h"

/* First requests sent between two looks at what has come back. */
#define START_BATCH 64

/* Of the random numbers: apart from those that make the arrivals and the mix. */
#define STREAM (UINT64_C(1) << 32)

struct closed_loop {
    struct pace pace;
    uint32_t first_sent; /* connections that were given their first request */
    uint64_t to_start;   /* requests that may still be started */
    uint64_t to_end;     /* requests of the window that have still to end before it closes */
    /* Think time: */
    struct timers pauses;
    uint64_t random;
};

static struct closed_loop *of(struct pace *p)
{
    return (struct closed_loop *)p;
}

static struct pace *create(struct conns *conns)
{
    struct closed_loop *l = xcalloc(1, sizeof *l);

    l->pace.conns = conns;
    l->to_start = l->to_end = UINT64_MAX;
    return &l->pace;
}

static void release(struct pace *p)
{
    timers_free(&of(p)->pauses);
    free(p);
}

static void start(struct pace *p, uint64_t zero)
{
    (void)zero;
    of(p)->first_sent = 0;
}

static void set_to_start(struct closed_loop *l, uint64_t n)
{
    l->to_start = n;
    l->pace.conns->asked_all = n == 0;
}

static uint64_t opened(struct pace *p, uint64_t at)
{
    uint64_t begun = p->conns->io.in_flight;

    if (p->quota != UINT64_MAX) {
        of(p)->to_end = p->quota;
        set_to_start(of(p), p->quota > begun ? p->quota - begun : 0);
    }
    /* A thread with no share of -n is done as soon as it begins. */
    return clock_after(at, p->quota ? p->conns->io.options->duration_ns : 0);
}

/* Send as many requests as may be on their way. */
static void ready(struct pace *p, struct client_conn *c)
{
    struct closed_loop *l = of(p);

    while (l->to_start > 0 && conn_has_room(p->conns, c)) {
        if (p->record->open)
            set_to_start(l, l->to_start - 1);
        conn_begin(p->conns, c);
        conn_send(p->conns, c);
        if (!c->pipeline)
            return;
    }
}

/* A request of the window ended; the last of -n closes it. */
static void count_end(struct closed_loop *l)
{
    if (--l->to_end == 0)
        l->pace.conns->phase_ends = l->pace.conns->io.now;
}

static void ended(struct pace *p, struct client_conn *c, const struct request *q,
                  enum count outcome, uint64_t age)
{
    if (!p->record->open)
        return;
    c->answers += outcome == COUNT_OK;
    record_ended(p->record, q, p->conns->io.now, outcome, age);
    if (q)
        count_end(of(p));
}

static void unopened(struct pace *p, enum count outcome)
{
    struct closed_loop *l = of(p);

    if (!p->record->open)
        return;
    set_to_start(l, l->to_start - 1);
    record_ended(p->record, NULL, p->conns->io.now, outcome, CONNECT_LIMIT_NS);
    count_end(l);
}

static uint64_t deadline(struct pace *p, uint64_t at)
{
    return of(p)->first_sent < p->conns->io.conn_count ? 0 : at;
}

/* The first requests: after a wait, which finds what came without being asked for. */
static void turn(struct pace *p)
{
    struct closed_loop *l = of(p);
    const struct io *io = &p->conns->io;

    for (unsigned i = 0; i < START_BATCH && l->first_sent < io->conn_count; i++) {
        struct client_conn *c = &io->conns[l->first_sent++];
        if (c->state == CONN_IDLE && c->pause.index == TIMER_OFF)
            ready(p, c);
    }
}

const struct pacing pacing_closed_loop = {
    .create = create,
    .release = release,
    .start = start,
    .opened = opened,
    .ready = ready,
    .ended = ended,
    .unopened = unopened,
    .deadline = deadline,
    .turn = turn,
};

static struct pace *think_create(struct conns *conns)
{
    struct pace *p = create(conns);

    of(p)->random = random_stream(conns->io.options->seed, STREAM + conns->io.thread);
    conns->io.precise = true;
    return p;
}

static void think_ready(struct pace *p, struct client_conn *c)
{
    const struct options *o = p->conns->io.options;
    uint64_t pause = o->think_ns;

    if (!c->settled) {
        ready(p, c);
        return;
    }
    if (o->think_exponential)
        pause = (uint64_t)((double)pause * random_exponential(&of(p)->random));
    if (timers_set(&of(p)->pauses, &c->pause, clock_after(p->conns->io.now, pause)) < 0)
        die_errno("cannot let a connection pause");
}

static uint64_t think_deadline(struct pace *p, uint64_t at)
{
    uint64_t next = timers_next(&of(p)->pauses);
    return deadline(p, next < at ? next : at);
}

static void think_turn(struct pace *p)
{
    struct timer *pause;

    while ((pause = timers_due(&of(p)->pauses, p->conns->io.now))) {
        char *member = (char *)pause;
        struct client_conn *c =
            (struct client_conn *)(member - offsetof(struct client_conn, pause));
        /* One that was lost while it paused is not back, or pauses anew. */
        if (c->state == CONN_IDLE)
            ready(p, c);
    }
    turn(p);
}

const struct pacing pacing_think = {
    .create = think_create,
    .release = release,
    .start = start,
    .opened = opened,
    .ready = think_ready,
    .ended = ended,
    .unopened = unopened,
    .deadline = think_deadline,
    .turn = think_turn,
};
