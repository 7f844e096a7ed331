#include "loadgen/pace/open_loop.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/err.h"
#include "loadgen/load/run.h"
#include "loadgen/load/worker.h"
#include "loadgen/record/steps.h"

/* Due requests that are sent in one go at most, before answers are looked at again. */
#define SEND_BATCH 64

/* A loop that has nothing to send looks up this often, so as to know for how long it was not
 * able to: stopped, or without a CPU. */
#define HEARTBEAT_NS (10 * NS_PER_MS)

/* The bounds of the spin, and where it begins. */
#define SPIN_MIN_NS   (5 * NS_PER_US)
#define SPIN_MAX_NS   (200 * NS_PER_US)
#define SPIN_FIRST_NS (50 * NS_PER_US)

/* The spin follows the 99th percentile of the wake-ups' lateness: up by 99 parts where one was
 * later, down by one where it was not, so that the two are in balance where 1 of 100 is later
 * (Robbins and Monro, "A Stochastic Approximation Method", 1951). */
#define SPIN_DOWN_NS 20
#define SPIN_UP_NS   (99 * SPIN_DOWN_NS)

struct open_loop *open_loop_create(const struct options *options)
{
    struct open_loop *o = xcalloc(1, sizeof *o);
    histogram_init(&o->service);
    histogram_init(&o->lateness);
    histogram_init(&o->own_lateness);
    o->spin_ns = SPIN_FIRST_NS;
    o->blind_from = CLOCK_NEVER;
    o->next = CLOCK_NEVER;
    o->steps = steps_create(options);
    return o;
}

void open_loop_free(struct open_loop *o)
{
    if (o)
        steps_free(o->steps);
    free(o);
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
        o->queue_area += (double)o->queued * (double)(end - begin);
    if (now > o->queue_changed)
        o->queue_changed = now;
}

/* The request that is due at o->next is being dealt with: which is the one after it? */
static void step(struct worker *w)
{
    struct open_loop *o = w->open;

    if (in_window(o, o->next)) {
        o->scheduled++;
        if (o->steps)
            steps_scheduled(o->steps, o->next - o->from);
    }
    o->last = o->next;
    schedule_advance(&o->ahead);
    o->next = clock_after(o->zero, o->ahead.at);
    if (o->scheduled == o->quota && o->next < o->until) {
        /* The last one of -n was that: the window ends where the next one would be due. */
        o->until = o->next;
        if (w->phase == PHASE_WINDOW)
            w->phase_end = o->until;
    }
    if (o->next >= o->until)
        o->next = CLOCK_NEVER;
}

/* The request that is due at o->next finds no connection. */
static void enqueue(struct worker *w)
{
    struct open_loop *o = w->open;

    measure_queue(o, o->next);
    if (o->queued++ == 0)
        o->behind = o->ahead;
    if (in_window(o, o->next)) {
        o->queued_counted++;
        o->queue_waited++;
        if (o->queued > o->queue_max)
            o->queue_max = o->queued;
    }
    step(w);
}

/* Take the first one out of the queue: when was it due? */
static uint64_t dequeue(struct worker *w)
{
    struct open_loop *o = w->open;
    uint64_t intended = clock_after(o->zero, o->behind.at);

    measure_queue(o, w->now);
    schedule_advance(&o->behind);
    o->queued--;
    o->queued_counted -= in_window(o, intended);
    return intended;
}

/* The connection for the next request: an idle one, else one that has room; NULL if there is
 * none. Those whose peer has closed are passed over, the engine is about to tell. */
static struct client_conn *take(struct open_loop *o)
{
    for (;;) {
        struct client_conn *c = o->idle.head ? o->idle.head : o->room.head;
        if (!c)
            return NULL;
        conn_list_remove(c);
        if (!c->peer_closed)
            return c;
    }
}

/* Send the request that was due at `intended` on `c`, which was taken. */
static void lend(struct worker *w, struct client_conn *c, uint64_t intended)
{
    conn_send_request(w, c, intended);
    if (c->fd >= 0 && conn_has_room(w, c) && !c->list)
        conn_list_append(&w->open->room, c);
}

void open_loop_begin(struct worker *w, uint64_t zero)
{
    const struct options *options = w->run->options;
    struct open_loop *o = w->open;
    struct schedule_plan plan = {options->arrival, options->rate_milli, options->seed,
                                 options->threads,
                                 options->profile.count > 0 ? &options->profile : NULL};

    schedule_init(&o->ahead, &plan, w->index);
    o->zero = zero;
    o->quota = w->quota;
    o->from = clock_after(zero, options->warmup_ns);
    o->until = w->quota ? clock_after(o->from, options->duration_ns) : o->from;
    o->in_time = CLOCK_NEVER;
    o->looked = w->now;
    o->next = clock_after(zero, o->ahead.at);
    if (o->next >= o->until)
        o->next = CLOCK_NEVER;
    for (uint32_t i = 0; i < w->conn_count; i++)
        if (w->conns[i].state == CONN_IDLE)
            open_loop_ready(w, &w->conns[i]);
}

void open_loop_end(struct worker *w, uint64_t end)
{
    struct open_loop *o = w->open;
    struct client_conn *c;
    uint64_t window = end > o->from ? end - o->from : 0;
    uint64_t grace = window / 10 < OPEN_LOOP_GRACE_NS    ? window / 10
                     : window / 100 > OPEN_LOOP_GRACE_NS ? window / 100
                                                         : OPEN_LOOP_GRACE_NS;

    if (end < o->from)
        o->from = end;
    o->until = end > o->last ? end : o->last + 1;
    while (o->next < o->until)
        enqueue(w);
    measure_queue(o, end);
    o->in_time = end + grace;
    o->next = CLOCK_NEVER;
    /* What was due just now and is in the queue only because the window ended before. */
    while (o->queued > 0 && (c = take(o)) != NULL)
        lend(w, c, dequeue(w));
}

void open_loop_ready(struct worker *w, struct client_conn *c)
{
    struct open_loop *o = w->open;

    if (c->list)
        conn_list_remove(c);
    if (w->phase < PHASE_WARMUP || w->phase == PHASE_CLOSED)
        return;
    /* What came while nobody looked may have come at any moment of that time. */
    c->since = o->blind_from < w->now ? o->blind_from : w->now;
    while (o->queued > 0 && conn_has_room(w, c))
        conn_send_request(w, c, dequeue(w));
    if (c->fd >= 0 && conn_has_room(w, c))
        conn_list_append(c->on_its_way ? &o->room : &o->idle, c);
}

void open_loop_sent(struct worker *w, const struct client_conn *c, struct request *q)
{
    struct open_loop *o = w->open;
    uint64_t possible = c->since > q->intended ? c->since : q->intended;

    q->counted = in_window(o, q->intended);
    if (!q->counted)
        return;
    o->sent++;
    o->in_flight++;
    o->sent_in_window += q->sent < o->until;
    o->sent_in_time += q->sent < o->in_time;
    histogram_record(&o->lateness, q->sent - q->intended);
    histogram_record(&o->own_lateness, q->sent > possible ? q->sent - possible : 0);
    if (w->series)
        series_sent(w->series, q->sent, q->sent - q->intended);
}

/* A request of the window that was due at `intended` ended. */
static void note(const struct worker *w, uint64_t intended, enum count outcome)
{
    const struct open_loop *o = w->open;

    if (o->steps)
        steps_ended(o->steps, intended - o->from, w->now - o->from, outcome, w->now - intended);
}

bool open_loop_ended(struct worker *w, const struct request *q, enum count outcome)
{
    struct open_loop *o = w->open;

    if (!q->counted || w->phase == PHASE_CLOSED)
        return false;
    o->in_flight--;
    o->outcomes[outcome]++;
    if (outcome == COUNT_OK || outcome == COUNT_TIMEOUT) {
        histogram_record(w->latency, w->now - q->intended);
        histogram_record(&o->service, w->now - q->sent);
    }
    note(w, q->intended, outcome);
    worker_note(w, q, outcome, w->now - q->intended);
    return true;
}

void open_loop_connect_failed(struct worker *w, enum count outcome)
{
    struct open_loop *o = w->open;

    if (o->queued == 0 || w->phase == PHASE_CLOSED)
        return;
    uint64_t intended = dequeue(w);
    if (!in_window(o, intended))
        return;
    o->outcomes[outcome]++;
    if (outcome == COUNT_TIMEOUT)
        histogram_record(w->latency, w->now - intended);
    note(w, intended, outcome);
    worker_note(w, NULL, outcome, w->now - intended);
}

bool open_loop_send_due(struct worker *w)
{
    struct open_loop *o = w->open;
    unsigned sent = 0;

    while (o->next <= w->now && sent < SEND_BATCH) {
        struct client_conn *c = o->queued ? NULL : take(o);
        if (!c) {
            enqueue(w);
            continue;
        }
        uint64_t intended = o->next;
        step(w);
        lend(w, c, intended);
        sent++;
    }
    return sent > 0;
}

/* A sleep that should have ended at `deadline` ended at w->now, by itself. */
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

void open_loop_turn(struct worker *w, uint64_t deadline)
{
    struct open_loop *o = w->open;
    bool can_send = o->queued == 0 && (o->idle.head || o->room.head);
    bool spins = false;

    w->now = clock_ns();
    if (w->now > o->looked + OPEN_LOOP_BLIND_NS)
        open_loop_was_blind(o, o->looked);
    if (deadline > w->now + HEARTBEAT_NS)
        deadline = w->now + HEARTBEAT_NS;
    if (can_send && o->next <= w->now + o->spin_ns) {
        spins = true;
        deadline = w->now;
    } else if (can_send && o->next - o->spin_ns < deadline) {
        deadline = o->next - o->spin_ns;
    }
    uint64_t begun = w->now;
    uint64_t received = w->total.n[COUNT_BYTES_IN];
    o->deadline = deadline;
    w->engine->wait(w, deadline);

    bool idle = w->total.n[COUNT_BYTES_IN] == received;
    if (spins && idle && w->phase == PHASE_WINDOW)
        o->spun_ns += w->now - begun;
    else if (!spins && idle && w->now >= deadline)
        learn(o, w->now - deadline);
    open_loop_send_due(w);
}
