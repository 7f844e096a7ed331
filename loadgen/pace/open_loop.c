/* The open loop of a thread: requests are sent when the schedule says so, whatever the answers
 * do.
 *
 * A request that is due goes to the connection that has been idle for longest. Where none is
 * idle it waits in a queue, in the order of the schedule; the next connection that becomes idle
 * takes the first. The queue needs no memory: the schedule is deterministic, so a second copy of
 * it that lags behind says when each request that waits was due.
 *
 * Four times are kept of a request of the window, all counted from or to the moment that the
 * schedule intended:
 *     response time = answered - intended     what a user sees
 *     service time  = answered - sent         what a closed loop would have measured
 *     lateness      = sent - intended         for want of a connection, or through our fault
 *     own lateness  = sent - max(intended, a connection was idle for it)     our fault alone
 *
 * Waiting. A sleep ends late by as much as it takes the kernel to get the thread onto its CPU,
 * so the loop sleeps until shortly before the next request is due and spins from there, looking
 * for answers all the while. For how long is learned: so that 99 of 100 sleeps end in time,
 * within bounds. */
#include <stdlib.h>
#include <sys/prctl.h>

#include "common/err.h"
#include "loadgen/pace/pacing.h"
#include "loadgen/pace/schedule.h"

/* Due requests that are sent in one go at most, before answers are looked at again. */
#define SEND_BATCH 64

/* A loop that has nothing to send looks up this often, so as to know for how long it was not
 * able to: stopped, or without a CPU. */
#define HEARTBEAT_NS (10 * NS_PER_MS)

/* A wake-up later than this was no ordinary one, nor a turn that took longer. */
#define BLIND_NS NS_PER_MS

/* Requests that were sent by this long after the window, or by 1 % of its length if that is more,
 * but by no more than 10 % of it, still count as delivered in time. */
#define GRACE_NS (10 * NS_PER_MS)

/* The bounds of the spin, and where it begins. */
#define SPIN_MIN_NS   (5 * NS_PER_US)
#define SPIN_MAX_NS   (200 * NS_PER_US)
#define SPIN_FIRST_NS (50 * NS_PER_US)

/* The spin follows the 99th percentile of the wake-ups' lateness: up by 99 parts where one was
 * later, down by one where it was not, so that the two are in balance where 1 of 100 is later
 * (Robbins and Monro, "A Stochastic Approximation Method", 1951). */
#define SPIN_DOWN_NS 20
#define SPIN_UP_NS   (99 * SPIN_DOWN_NS)

struct open_loop {
    struct conns *conns;
    uint64_t quota;         /* of -n */
    struct schedule ahead;  /* at the first request that was not yet due when last looked */
    struct schedule behind; /* at the first of the queue, if there is one */
    uint64_t zero;          /* the moment of the schedule's time 0 */
    /* io.alarm_at is when the request at `ahead` is due; CLOCK_NEVER when none is left. */
    uint64_t last;          /* when the last request that was dealt with was due */
    uint64_t from, until;   /* of the window: the intended times that belong to it */
    uint64_t in_time;       /* a request that is sent up to then was sent in time */
    struct conn_list idle;  /* connections with nothing on their way, longest idle first */
    struct conn_list room;  /* with --pipeline: with something, and room for more */
    uint64_t queued;        /* requests in the queue */
    uint64_t queue_changed; /* when its length was last reckoned up */

    uint64_t looked;      /* when the last wait ended */
    uint64_t blind_from;  /* not in time: nobody looked since then. Else CLOCK_NEVER */
    unsigned blind_waits; /* for how many more waits that holds */
    uint64_t spin_ns;     /* how long before a request is due the sleep ends */

    /* The wait that is about to begin, or is over: */
    uint64_t begun, must_end; /* at the latest */
    uint64_t received;        /* bytes that had come in before */
    bool spins;
};

static struct open_loop *of(const struct conns *cs)
{
    return cs->pace;
}

static bool in_window(const struct open_loop *o, uint64_t intended)
{
    return intended >= o->from && intended < o->until;
}

/* Reckon up the queue's length for the time until `now`, as far as it is in the window. */
static void measure_queue(struct open_loop *o, uint64_t now)
{
    uint64_t begin = o->queue_changed > o->from ? o->queue_changed : o->from;
    uint64_t end = now < o->until ? now : o->until;

    if (end > begin)
        o->conns->record->open_loop->queue_area += (double)o->queued * (double)(end - begin);
    if (now > o->queue_changed)
        o->queue_changed = now;
}

/* The next request is due at o->ahead, unless that is after the window. */
static void set_alarm(struct open_loop *o)
{
    uint64_t at = clock_after(o->zero, o->ahead.at);
    o->conns->io.alarm_at = at < o->until ? at : CLOCK_NEVER;
}

/* The request that is due is being dealt with: which is the one after it? */
static void advance(struct open_loop *o)
{
    struct open_record *r = o->conns->record->open_loop;
    struct conns *cs = o->conns;

    o->last = cs->io.alarm_at;
    if (in_window(o, o->last)) {
        r->scheduled++;
        if (r->steps)
            steps_scheduled(r->steps, o->last - o->from);
    }
    schedule_advance(&o->ahead);
    uint64_t next = clock_after(o->zero, o->ahead.at);
    if (r->scheduled == o->quota && next < o->until) {
        /* The last one of -n was that: the window ends where the next one would be due. */
        o->until = next;
        if (o->conns->record->open)
            cs->phase_ends = next;
    }
    set_alarm(o);
}

/* The request that is due finds no connection. */
static void enqueue(struct open_loop *o)
{
    struct open_record *r = o->conns->record->open_loop;
    uint64_t due = o->conns->io.alarm_at;

    measure_queue(o, due);
    if (o->queued++ == 0)
        o->behind = o->ahead;
    if (in_window(o, due)) {
        r->unsent++;
        r->queue_waited++;
        if (o->queued > r->queue_max)
            r->queue_max = o->queued;
    }
    advance(o);
}

/* Have the first one out of the queue: when was it due? */
static uint64_t dequeue(struct open_loop *o)
{
    uint64_t intended = clock_after(o->zero, o->behind.at);

    measure_queue(o, o->conns->io.now);
    schedule_advance(&o->behind);
    o->queued--;
    o->conns->record->open_loop->unsent -= in_window(o, intended);
    return intended;
}

/* The connection for the next request: an idle one, else one that has room; NULL if there is none.
 * A connection whose stream has ended is passed over: the engine is about to report the end. */
static struct client_conn *next_conn(struct open_loop *o)
{
    for (;;) {
        struct client_conn *c = TAILQ_FIRST(&o->idle);
        if (!c && !(c = TAILQ_FIRST(&o->room)))
            return NULL;
        conn_list_remove(c);
        if (!c->server_closed)
            return c;
    }
}

static void note_sent(struct open_loop *o, const struct client_conn *c, struct request *q)
{
    struct open_record *r = o->conns->record->open_loop;
    uint64_t possible = c->since > q->intended ? c->since : q->intended;

    q->counted = in_window(o, q->intended);
    if (!q->counted)
        return;
    r->sent++;
    r->in_flight++;
    r->sent_in_window += q->sent < o->until;
    r->sent_in_time += q->sent < o->in_time;
    histogram_record(&r->lateness, q->sent - q->intended);
    histogram_record(&r->own_lateness, q->sent > possible ? q->sent - possible : 0);
    if (o->conns->record->series)
        series_sent(o->conns->record->series, q->sent, q->sent - q->intended);
}

/* Send the request that was due at `intended` on `c`, which has room. */
static void send_on(struct open_loop *o, struct client_conn *c, uint64_t intended)
{
    struct request *q = conn_begin(o->conns, c);

    q->intended = intended;
    note_sent(o, c, q);
    conn_send(o->conns, c);
}

/* Send on a connection of next_conn(), which may have room for more. */
static void lend(struct open_loop *o, struct client_conn *c, uint64_t intended)
{
    send_on(o, c, intended);
    if (c->fd >= 0 && conn_has_room(o->conns, c) && !c->list)
        conn_list_append(&o->room, c);
}

static void ready(struct conns *cs, struct client_conn *c)
{
    struct open_loop *o = of(cs);

    conn_list_remove(c);
    /* What came while nobody looked may have come at any moment of that time. */
    c->since = o->blind_from < cs->io.now ? o->blind_from : cs->io.now;
    while (o->queued > 0 && conn_has_room(cs, c))
        send_on(o, c, dequeue(o));
    if (c->fd >= 0 && conn_has_room(cs, c))
        conn_list_append(c->on_its_way ? &o->room : &o->idle, c);
}

/* A request of the window that was due at `intended` ended. */
static void note_ended(struct open_loop *o, const struct request *q, uint64_t intended,
                       enum count outcome)
{
    struct open_record *r = o->conns->record->open_loop;
    uint64_t now = o->conns->io.now;

    r->outcomes[outcome]++;
    if (r->steps)
        steps_ended(r->steps, intended - o->from, now - o->from, outcome, now - intended);
    record_ended(o->conns->record, q, now, outcome, now - intended);
}

static void ended(struct conns *cs, struct client_conn *c, const struct request *q,
                  enum count outcome, uint64_t age)
{
    struct open_record *r = cs->record->open_loop;
    (void)age;

    if (!q || !q->counted)
        return;
    r->in_flight--;
    c->answers += outcome == COUNT_OK;
    if (outcome == COUNT_OK || outcome == COUNT_TIMEOUT)
        histogram_record(&r->service, cs->io.now - q->sent);
    note_ended(of(cs), q, q->intended, outcome);
}

/* The first request of the queue, if there is one, would have been sent on that connection. */
static void unopened(struct conns *cs, enum count outcome)
{
    struct open_loop *o = of(cs);

    if (o->queued == 0)
        return;
    uint64_t intended = dequeue(o);
    if (in_window(o, intended))
        note_ended(o, NULL, intended, outcome);
}

/* Send requests that are due, a batch at the most. True if anything was sent. */
static bool send_due(void *owner)
{
    struct open_loop *o = owner;
    struct io *io = &o->conns->io;
    unsigned sent = 0;

    while (io->alarm_at <= io->now && sent < SEND_BATCH) {
        struct client_conn *c = o->queued ? NULL : next_conn(o);
        if (!c) {
            enqueue(o);
            continue;
        }
        uint64_t intended = io->alarm_at;
        advance(o);
        lend(o, c, intended);
        sent++;
    }
    return sent > 0;
}

/* Nobody looked from `since` on. A wait that a signal ended brings no events: then the next wait
 * reports what came in that time. */
static void was_blind(struct open_loop *o, uint64_t since)
{
    o->blind_from = since;
    o->blind_waits = 2;
}

static void awake(void *owner)
{
    struct open_loop *o = owner;
    uint64_t now = o->conns->io.now;

    if (o->blind_waits == 0 || --o->blind_waits == 0)
        o->blind_from = CLOCK_NEVER;
    if (__builtin_expect(now > o->must_end + BLIND_NS, 0))
        was_blind(o, o->must_end);
    o->looked = now;
}

static uint64_t deadline(struct conns *cs, uint64_t at)
{
    struct open_loop *o = of(cs);
    struct io *io = &cs->io;
    bool can_send = o->queued == 0 && (!TAILQ_EMPTY(&o->idle) || !TAILQ_EMPTY(&o->room));

    io->now = clock_ns();
    if (io->now > o->looked + BLIND_NS)
        was_blind(o, o->looked);
    if (at > io->now + HEARTBEAT_NS)
        at = io->now + HEARTBEAT_NS;
    o->spins = can_send && io->alarm_at <= io->now + o->spin_ns;
    if (o->spins)
        at = io->now;
    else if (can_send && io->alarm_at - o->spin_ns < at)
        at = io->alarm_at - o->spin_ns;
    o->begun = io->now;
    o->received = io->total.n[COUNT_BYTES_IN];
    return o->must_end = at;
}

/* A sleep that should have ended earlier by `late` ended by itself. */
static void learn(struct open_loop *o, uint64_t late)
{
    if (late > o->spin_ns)
        o->spin_ns += SPIN_UP_NS;
    else
        o->spin_ns -= SPIN_DOWN_NS;
    if (o->spin_ns > SPIN_MAX_NS)
        o->spin_ns = SPIN_MAX_NS;
    else if (o->spin_ns < SPIN_MIN_NS)
        o->spin_ns = SPIN_MIN_NS;
}

static void turn(struct conns *cs)
{
    struct open_loop *o = of(cs);
    const struct io *io = &cs->io;
    bool idle = io->total.n[COUNT_BYTES_IN] == o->received;

    if (o->spins && idle && cs->record->open)
        cs->record->open_loop->spun_ns += io->now - o->begun;
    else if (!o->spins && idle && io->now >= o->must_end)
        learn(o, io->now - o->must_end);
    send_due(o);
}

static void create(struct conns *cs, uint64_t quota)
{
    struct open_loop *o = cs->pace = xcalloc(1, sizeof *o);

    o->conns = cs;
    o->quota = quota;
    o->spin_ns = SPIN_FIRST_NS;
    o->blind_from = CLOCK_NEVER;
    TAILQ_INIT(&o->idle);
    TAILQ_INIT(&o->room);
    cs->io.precise = true;
    cs->io.alarm = send_due;
    cs->io.awake = awake;
    cs->io.owner = o;
    /* The kernel may end a sleep so much later, to end several at once: 50 us by default
     * (PR_SET_TIMERSLACK(2const)). */
    if (prctl(PR_SET_TIMERSLACK, 1) < 0)
        die_errno("cannot have sleeps end on time");
}

static void release(struct conns *cs)
{
    free(cs->pace);
}

/* The connections that are idle take part; others when ready() is told. */
static void start(struct conns *cs, uint64_t zero)
{
    struct open_loop *o = of(cs);
    const struct io *io = &cs->io;
    const struct options *options = io->options;
    struct schedule_plan plan = {options->arrival, options->rate_milli, options->seed,
                                 options_threads(options),
                                 options->profile.count > 0 ? &options->profile : NULL};

    schedule_init(&o->ahead, &plan, options->threads_before + io->thread);
    o->zero = zero;
    o->from = clock_after(zero, options->warmup_ns);
    o->until = o->quota ? clock_after(o->from, options->duration_ns) : o->from;
    o->in_time = CLOCK_NEVER;
    o->looked = io->now;
    set_alarm(o);
    for (uint32_t i = 0; i < io->conn_count; i++)
        if (io->conns[i].state == CONN_IDLE)
            ready(cs, &io->conns[i]);
}

static uint64_t opened(struct conns *cs, uint64_t at)
{
    (void)at;
    return of(cs)->until;
}

/* Nothing is due after the window. */
static void closed(struct conns *cs, uint64_t end)
{
    struct open_loop *o = of(cs);
    struct client_conn *c;
    uint64_t window = end > o->from ? end - o->from : 0;
    uint64_t grace = window / 10 < GRACE_NS    ? window / 10
                     : window / 100 > GRACE_NS ? window / 100
                                               : GRACE_NS;

    if (end < o->from)
        o->from = end;
    o->until = end > o->last ? end : o->last + 1;
    while (cs->io.alarm_at < o->until)
        enqueue(o);
    measure_queue(o, end);
    o->in_time = end + grace;
    cs->io.alarm_at = CLOCK_NEVER;
    /* What was due just now and is in the queue only because the window ended before. */
    while (o->queued > 0 && (c = next_conn(o)))
        lend(o, c, dequeue(o));
}

const struct pacing pacing_open_loop = {
    .events = {ready, ended, unopened},
    .create = create,
    .release = release,
    .start = start,
    .opened = opened,
    .deadline = deadline,
    .turn = turn,
    .closed = closed,
};
