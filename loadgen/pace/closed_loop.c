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
    uint64_t quota;      /* of -n */
    uint64_t zero;       /* when the load began */
    uint32_t first_sent; /* connections that were given their first request */
    uint64_t to_start;   /* requests that may still be started */
    uint64_t to_end;     /* requests of the window that have still to end before it closes */
    /* Think time: */
    struct timers pauses;
    uint64_t random;
};

static struct closed_loop *of(const struct conns *cs)
{
    return cs->pace;
}

static void create(struct conns *cs, uint64_t quota)
{
    struct closed_loop *l = cs->pace = xcalloc(1, sizeof *l);

    l->quota = quota;
    l->to_start = l->to_end = UINT64_MAX;
    cs->io.precise |= cs->io.options->spread_ns > 0;
}

static void release(struct conns *cs)
{
    timers_free(&of(cs)->pauses);
    free(cs->pace);
}

static void start(struct conns *cs, uint64_t zero)
{
    of(cs)->zero = zero;
    of(cs)->first_sent = 0;
}

static void set_to_start(struct conns *cs, uint64_t n)
{
    of(cs)->to_start = n;
    cs->asked_all = n == 0;
}

static uint64_t opened(struct conns *cs, uint64_t at)
{
    uint64_t begun = cs->io.in_flight;

    if (of(cs)->quota != UINT64_MAX) {
        of(cs)->to_end = of(cs)->quota;
        set_to_start(cs, of(cs)->quota > begun ? of(cs)->quota - begun : 0);
    }
    /* A thread with no share of -n is done as soon as it begins. */
    return clock_after(at, of(cs)->quota ? cs->io.options->duration_ns : 0);
}

/* Send as many requests as may be on their way. */
static void ready(struct conns *cs, struct client_conn *c)
{
    struct closed_loop *l = of(cs);

    while (l->to_start > 0 && conn_has_room(cs, c)) {
        if (cs->record->open)
            set_to_start(cs, l->to_start - 1);
        conn_begin(cs, c);
        conn_send(cs, c);
        if (!c->pipeline)
            return;
    }
}

/* A request of the window ended; the last of -n closes it. */
static void count_end(struct conns *cs)
{
    if (--of(cs)->to_end == 0)
        cs->phase_ends = cs->io.now;
}

static void ended(struct conns *cs, struct client_conn *c, const struct request *q,
                  enum count outcome, uint64_t age)
{
    if (!cs->record->open)
        return;
    c->answers += outcome == COUNT_OK;
    record_ended(cs->record, q, cs->io.now, outcome, age);
    if (q)
        count_end(cs);
}

static void unopened(struct conns *cs, enum count outcome)
{
    if (!cs->record->open)
        return;
    set_to_start(cs, of(cs)->to_start - 1);
    record_ended(cs->record, NULL, cs->io.now, outcome, CONNECT_LIMIT_NS);
    count_end(cs);
}

/* With --spread connections begin in steps of that: what is asked together costs fewer wake-ups. */
#define SPREAD_STEP_NS (50 * NS_PER_MS)

/* When the next connection that has had no request gets its first: at once, without --spread. */
static uint64_t first_due(const struct conns *cs)
{
    const struct closed_loop *l = of(cs);
    uint64_t spread = cs->io.options->spread_ns;
    double share = (double)l->first_sent / cs->io.conn_count;
    uint64_t after = (uint64_t)(share * (double)spread);

    return spread ? clock_after(l->zero, after - after % SPREAD_STEP_NS) : 0;
}

static uint64_t deadline(struct conns *cs, uint64_t at)
{
    if (of(cs)->first_sent == cs->io.conn_count)
        return at;
    return first_due(cs) < at ? first_due(cs) : at;
}

/* Send the first requests after a wait: the wait finds bytes that came unasked. */
static void turn(struct conns *cs)
{
    struct closed_loop *l = of(cs);
    const struct io *io = &cs->io;

    for (unsigned i = 0; i < START_BATCH && l->first_sent < io->conn_count; i++) {
        if (first_due(cs) > io->now)
            return;
        struct client_conn *c = &io->conns[l->first_sent++];
        if (c->state == CONN_IDLE && c->pause.index == TIMER_OFF)
            ready(cs, c);
    }
}

const struct pacing pacing_closed_loop = {
    .events = {ready, ended, unopened},
    .create = create,
    .release = release,
    .start = start,
    .opened = opened,
    .deadline = deadline,
    .turn = turn,
};

static void think_create(struct conns *cs, uint64_t quota)
{
    create(cs, quota);
    of(cs)->random = random_stream(cs->io.options->seed, STREAM + cs->io.thread);
    cs->io.precise = true;
}

static void think_ready(struct conns *cs, struct client_conn *c)
{
    const struct options *o = cs->io.options;
    uint64_t pause = o->think_ns;

    if (!c->settled) {
        ready(cs, c);
        return;
    }
    if (o->think_exponential)
        pause = (uint64_t)((double)pause * random_exponential(&of(cs)->random));
    if (timers_set(&of(cs)->pauses, &c->pause, clock_after(cs->io.now, pause)) < 0)
        die_errno("cannot let a connection pause");
}

static uint64_t think_deadline(struct conns *cs, uint64_t at)
{
    uint64_t next = timers_next(&of(cs)->pauses);
    return deadline(cs, next < at ? next : at);
}

static void think_turn(struct conns *cs)
{
    struct timer *pause;

    while ((pause = timers_due(&of(cs)->pauses, cs->io.now))) {
        char *member = (char *)pause;
        struct client_conn *c =
            (struct client_conn *)(member - offsetof(struct client_conn, pause));
        /* One that was lost while it paused is not back, or pauses anew. */
        if (c->state == CONN_IDLE)
            ready(cs, c);
    }
    turn(cs);
}

const struct pacing pacing_think = {
    .events = {think_ready, ended, unopened},
    .create = think_create,
    .release = release,
    .start = start,
    .opened = opened,
    .deadline = think_deadline,
    .turn = think_turn,
};
