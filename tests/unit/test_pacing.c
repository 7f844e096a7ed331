/* The pacings, on connections whose engine is a table of this file: what is sent is only counted,
 * and an answer comes when a test says so. The protocol is echo, so the answer is what was sent. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "loadgen/pace/pacing.h"

#define HOUR_NS (3600 * NS_PER_S)

static unsigned sent, phases_ended;

static void do_nothing(struct io *io)
{
    (void)io;
}

static int connect_at_once(struct io *io, struct client_conn *c)
{
    (void)io;
    c->fd = 0;
    return 0;
}

static void count_sent(struct io *io, struct client_conn *c)
{
    (void)io;
    c->out_left = 0;
    sent++;
}

static void forget(struct io *io, struct client_conn *c)
{
    (void)io;
    c->fd = -1;
}

static const struct engine engine = {
    .create = do_nothing,
    .connect = connect_at_once,
    .send = count_sent,
    .close = forget,
    .destroy = do_nothing,
};

static struct asked_url url = {.target = (char[]){"/"}};
static struct options options;
static struct workload load;
static struct record record;
static struct conns conns;
static const struct pacing *pacing;

static void next_phase(struct conns *cs)
{
    cs->phase_ends = CLOCK_NEVER;
    phases_ended++;
}

/* The load begins, and its window with it, at `zero`. */
static void begin(const struct pacing *which, uint32_t connections, uint64_t quota,
                  uint64_t zero)
{

    options.urls = &url;
    options.url_count = options.threads = options.pipeline = 1;
    options.url.protocol = URL_ECHO;
    options.payload = 4;
    options.timeout_ns = options.duration_ns = HOUR_NS;
    workload_init(&load, &options);
    record_create(&record, &options);
    conns.io.engine = &engine;
    conns.io.options = &options;
    conns.io.load = &load;
    conns.io.conn_count = connections;
    conns.record = &record;
    conns.next_phase = next_phase;
    conns_create(&conns);
    conns_open(&conns);
    assert_int_equal(conns_opened(&conns), connections);
    pacing = which;
    pacing->create(&conns, quota);
    conns_report(&conns, &pacing->events);
    pacing->start(&conns, zero);
    conns.phase_ends = pacing->opened(&conns, zero);
    record_open(&record, zero, &conns.io.total);
}

static int end(void **state)
{
    (void)state;
    pacing->release(&conns);
    conns_close(&conns);
    conns_free(&conns);
    record_free(&record);
    workload_free(&load);
    sent = phases_ended = 0;
    memset(&options, 0, sizeof options);
    memset(&record, 0, sizeof record);
    memset(&conns, 0, sizeof conns);
    return 0;
}

static struct client_conn *conn(uint32_t i)
{
    return &conns.io.conns[i];
}

static void answer(uint32_t i)
{
    conns.io.now = clock_ns();
    conns.io.events->received(&conns.io, conn(i), conn(i)->out, options.payload);
}

static void lose(uint32_t i)
{
    conns.io.now = clock_ns();
    conns.io.events->ended(&conns.io, conn(i));
}

static void turn(void)
{
    conns.io.now = clock_ns();
    pacing->turn(&conns);
}

static void closed_loop_sends_when_answered(void **state)
{
    (void)state;
    begin(&pacing_closed_loop, 3, UINT64_MAX, clock_ns());
    assert_int_equal(sent, 0);
    assert_int_equal(pacing->deadline(&conns, HOUR_NS), 0); /* the first requests are due */
    turn();
    assert_int_equal(sent, 3);
    assert_int_equal(pacing->deadline(&conns, HOUR_NS), HOUR_NS); /* answers are waited for */
    turn();
    assert_int_equal(sent, 3);
    answer(1);
    assert_int_equal(sent, 4);
    assert_int_equal(conn(1)->answers, 1);
    assert_int_equal(record.latency->count, 1);
}

static void quota_ends_the_window(void **state)
{
    (void)state;
    begin(&pacing_closed_loop, 2, 3, clock_ns());
    turn();
    answer(0);
    assert_int_equal(sent, 3);
    assert_true(conns.asked_all);
    answer(0);
    assert_int_equal(sent, 3); /* no fourth */
    assert_int_equal(phases_ended, 0);
    answer(1);
    assert_int_equal(sent, 3);
    assert_int_equal(phases_ended, 1);
}

static void on_its_way_when_the_window_opens(void **state)
{
    (void)state;
    begin(&pacing_closed_loop, 2, 3, clock_ns());
    record.open = false;
    turn();
    conns.phase_ends = pacing->opened(&conns, conns.io.now);
    record.open = true;
    answer(0);
    assert_int_equal(sent, 3); /* two of the three were on their way */
    answer(1);
    assert_int_equal(sent, 3);
}

static void no_share_of_the_quota(void **state)
{
    uint64_t zero = clock_ns();
    (void)state;

    begin(&pacing_closed_loop, 1, 0, zero);
    assert_int_equal(conns.phase_ends, zero);
    turn();
    assert_int_equal(sent, 0);
}

static void thinks_before_the_next(void **state)
{
    (void)state;
    options.think_ns = HOUR_NS;
    begin(&pacing_think, 1, UINT64_MAX, clock_ns());
    turn();
    assert_int_equal(sent, 1); /* there is nothing yet to think about */
    answer(0);
    turn();
    assert_int_equal(sent, 1);
    assert_int_equal(pacing->deadline(&conns, CLOCK_NEVER), conn(0)->pause.at);
    options.think_ns = 0;
    lose(0); /* and comes back, and thinks for no time at all */
    conns_check(&conns);
    assert_int_equal(conn(0)->state, CONN_IDLE);
    turn();
    assert_int_equal(sent, 2);
    assert_int_equal(pacing->deadline(&conns, CLOCK_NEVER),
                     CLOCK_NEVER); /* the old one is gone */
}

static void lost_in_thought(void **state)
{
    (void)state;
    options.think_ns = 1;
    begin(&pacing_think, 1, UINT64_MAX, clock_ns());
    turn();
    answer(0);
    lose(0);
    turn(); /* the pause is over, and the connection is not there */
    assert_int_equal(sent, 1);
}

static void open_loop_sends_when_due(void **state)
{
    uint64_t zero = clock_ns() - 10 * NS_PER_MS;
    (void)state;

    options.rate_milli = 1000000; /* one a millisecond */
    begin(&pacing_open_loop, 2, UINT64_MAX, zero);
    turn();
    const struct open_record *r = record.open_loop;
    assert_int_equal(sent, 2); /* at 0 and at 1 ms; the others find no connection */
    assert_true(r->scheduled >= 10);
    assert_int_equal(r->unsent, r->scheduled - 2);
    assert_int_equal(conn(0)->request.intended, zero);
    assert_int_equal(conn(1)->request.intended, zero + NS_PER_MS);
    assert_int_equal(conns.io.alarm_at, zero + r->scheduled * NS_PER_MS);
    answer(1);
    assert_int_equal(sent, 3);
    assert_int_equal(conn(1)->request.intended, zero + 2 * NS_PER_MS);
    assert_int_equal(r->unsent, r->scheduled - 3);
    assert_int_equal(r->in_flight, 2);
    assert_int_equal(record.latency->count, 1);
    assert_true(record.latency->min >= 9 * NS_PER_MS); /* from when it was due */
}

static void alarm_between_two_events(void **state)
{
    (void)state;
    options.rate_milli = 1; /* one in 1,000 s */
    begin(&pacing_open_loop, 1, UINT64_MAX, clock_ns() - 1);
    uint64_t due = conns.io.alarm_at;
    conns.io.now = due - 1;
    assert_false(io_mind_alarm(&conns.io));
    assert_int_equal(sent, 0);
    conns.io.now = due;
    assert_true(io_mind_alarm(&conns.io));
    assert_int_equal(sent, 1);
    assert_int_equal(conns.io.alarm_at, due + 1000 * NS_PER_S);
}

static void drained_when_all_have_ended(void **state)
{
    uint64_t zero = clock_ns() - 10 * NS_PER_MS;
    (void)state;

    options.rate_milli = 1000000;
    begin(&pacing_open_loop, 1, UINT64_MAX, zero);
    turn();
    pacing->closed(&conns, zero + 3 * NS_PER_MS);
    conns.io.now = clock_ns();
    assert_int_equal(conns.io.alarm_at, CLOCK_NEVER); /* nothing is due after the window */
    uint64_t scheduled = record.open_loop->scheduled;
    for (uint64_t i = 0; i < scheduled; i++) {
        assert_false(record_drained(&record));
        answer(0);
    }
    assert_true(record_drained(&record));
    assert_int_equal(record.open_loop->outcomes[COUNT_OK], scheduled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(closed_loop_sends_when_answered, end),
        cmocka_unit_test_teardown(quota_ends_the_window, end),
        cmocka_unit_test_teardown(on_its_way_when_the_window_opens, end),
        cmocka_unit_test_teardown(no_share_of_the_quota, end),
        cmocka_unit_test_teardown(thinks_before_the_next, end),
        cmocka_unit_test_teardown(lost_in_thought, end),
        cmocka_unit_test_teardown(open_loop_sends_when_due, end),
        cmocka_unit_test_teardown(alarm_between_two_events, end),
        cmocka_unit_test_teardown(drained_when_all_have_ended, end),
    };
    return cmocka_run_group_tests_name("pacing", tests, NULL, NULL);
}
