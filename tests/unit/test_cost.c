/* The cost model: counts times unit costs, and what is missing. */
#include "bench/cost/model.h"

#include <math.h>
#include <string.h>

#include "unit.h"

/* Every unit cost that the model can use, each another round number. */
static struct unit_costs costs(void)
{
    struct unit_costs u = {0};
    static const struct {
        enum unit_cost cost;
        double ns;
    } known[] = {
        {UNIT_SYSCALL, 100},
        {UNIT_SEND_64, 1100},
        {UNIT_RECV_64, 600},
        {UNIT_SEND_RECV_64, 1700},
        {UNIT_SEND_RECV_4096, 1700 + 2 * (4096 - 64)},
        {UNIT_RECV_EMPTY, 150},
        {UNIT_EPOLL_WAIT_READY, 300},
        {UNIT_EPOLL_CTL, 250},
        {UNIT_POLL_IDLE_1000, 20000},
        {UNIT_SELECT_IDLE_1000, 10000},
        {UNIT_IO_URING_ENTER_1, 400},
        {UNIT_IO_URING_SEND_RECV_64, 1500},
        {UNIT_SWITCH_THREADS, 2000},
        {UNIT_SWITCH_PROCESSES, 2500},
        {UNIT_WAKE_CROSS_CPU, 3000},
        {UNIT_PAGE_FAULT, 5000},
        {UNIT_SESSION_HTTP, 400},
        {UNIT_SESSION_ECHO, 50},
        {UNIT_ACCEPT_EMPTY, 1100},
        {UNIT_SIGNAL_TAKE, 350},
    };
    for (int i = 0; i < UNIT_COST_COUNT; i++)
        u.at[i] = (struct unit_cost_figure){.ns = NAN, .why = "not in this test"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        u.at[known[i].cost].ns = known[i].ns;
    return u;
}

static struct unit_costs far_costs(void)
{
    struct unit_costs u = costs();
    u.at[UNIT_RECV_64_FAR].ns = 1000;
    u.at[UNIT_SEND_64_FAR].ns = 3000;
    u.at[UNIT_EPOLL_RECV_64_FAR].ns = 1200;
    u.at[UNIT_POLL_RECV_64_FAR].ns = 1150;
    u.at[UNIT_SELECT_RECV_64_FAR].ns = 900; /* noise: an event costs nothing, not less */
    u.at[UNIT_IO_URING_SEND_RECV_64_FAR].ns = 3500;
    u.at[UNIT_SLEEP_ROUND_64_FAR].ns = 9000;
    u.at[UNIT_SLEEP_ROUND_64_PROCESSES_FAR].ns = 11000;
    u.at[UNIT_SLEEP_ROUND_1_FAR].ns = 8000;
    u.at[UNIT_SESSION_HTTP_COLD].ns = 600;
    u.at[UNIT_SESSION_ECHO_COLD].ns = 80;
    return u;
}

/* A request and its answer by recv and send. */
static struct work work(void)
{
    struct work w = {.protocol = PROTOCOL_HTTP,
                     .connections = 64,
                     .system_calls = 2,
                     .processes = 1,
                     .threads = 1,
                     .bytes_in = 64,
                     .bytes_out = 64};
    w.calls[CALL_RECVFROM] = 1;
    w.calls[CALL_SENDTO] = 1;
    return w;
}

static struct prediction predict(const struct work *w, const struct unit_costs *u)
{
    struct prediction p;
    char error[200] = "";
    assert_true(cost_predict(&p, w, u, error, sizeof error));
    assert_string_equal(error, "");
    double parts = 0, terms = 0;
    for (int i = 0; i < PART_COUNT; i++)
        parts += p.part[i];
    for (size_t i = 0; i < p.term_count; i++)
        terms += p.terms[i].count * p.terms[i].ns;
    assert_true(fabs(parts - p.total) < 1e-9);
    assert_true(fabs(terms - p.total) < 1e-6);
    return p;
}

static void is(double found, double wanted)
{
    if (fabs(found - wanted) > 1e-6)
        fail_msg("%f, not %f", found, wanted);
}

static void readiness(void **state)
{
    (void)state;
    struct unit_costs u = costs(), far = far_costs();
    struct work w = work();
    w.calls[CALL_EPOLL_WAIT] = 0.25;
    w.calls[CALL_EPOLL_CTL] = 2;
    w.system_calls = 4.25;
    w.events = 1;
    w.wakings = 0.5;
    w.switches = 0.1;
    w.faults = 0.01;
    struct prediction p = predict(&w, &u);
    is(p.part[PART_TCP], 500 + 1000);
    is(p.part[PART_ENTRY], 425);
    is(p.part[PART_WAIT], 0.25 * 200 + 2 * 150);
    is(p.part[PART_SWITCH], 200);
    is(p.part[PART_WAKE], 1500);
    is(p.part[PART_SESSION], 400);
    is(p.part[PART_FAULT], 50);
    is(p.part[PART_ASKED], 0);
    w.asked_ns = 20000;
    is(predict(&w, &u).part[PART_ASKED], 20000);
    is(predict(&w, &u).total, p.total + 20000);
    p = predict(&w, &far);
    is(p.part[PART_TCP], 900 + 2900);
    is(p.part[PART_WAIT], 0.25 * 200 + 0.75 * 200 + 2 * 150);
    is(p.part[PART_SWITCH], 200);
    is(p.part[PART_SESSION], 600);
}

static void lists(void **state)
{
    (void)state;
    struct unit_costs far = far_costs();
    struct work w = work();
    w.connections = 1000;
    w.events = 1;
    w.system_calls = 2.5;
    w.calls[CALL_POLL] = 0.5;
    is(predict(&w, &far).part[PART_WAIT], 499 * 20 + 150);
    w.calls[CALL_POLL] = 0;
    w.calls[CALL_PSELECT6] = 0.5;
    is(predict(&w, &far).part[PART_WAIT], 499 * 10);
}

static void ring(void **state)
{
    (void)state;
    struct unit_costs u = costs(), far = far_costs();
    struct work w = work();
    memset(w.calls, 0, sizeof w.calls);
    w.calls[CALL_IO_URING_ENTER] = 0.04;
    w.system_calls = 0.04;
    struct prediction p = predict(&w, &far);
    is(p.part[PART_TCP], 3500 - 100.0 / 16);
    is(p.part[PART_ENTRY], 4);
    is(p.part[PART_WAIT], 0.04 * 300);
    is(predict(&w, &u).part[PART_TCP], 1500 - 100.0 / 16);
}

static void sleepers(void **state)
{
    (void)state;
    struct unit_costs u = costs(), far = far_costs();
    struct work w = work();
    w.switches = 1;
    w.threads = 65;
    is(predict(&w, &far).part[PART_SWITCH], 9000 - 4000);
    w.processes = w.threads = 65;
    is(predict(&w, &far).part[PART_SWITCH], 11000 - 4000);
    w.processes = w.threads = 1;
    is(predict(&w, &far).part[PART_SWITCH], 8000 - 4000);
    is(predict(&w, &u).part[PART_SWITCH], 2000);
}

static void vain_calls(void **state)
{
    (void)state;
    struct unit_costs far = far_costs();
    struct work w = work();
    w.calls[CALL_RECVFROM] = 9;
    w.calls[CALL_ACCEPT4] = 0.5;
    w.calls[CALL_RT_SIGTIMEDWAIT] = 1;
    w.system_calls = 11.5;
    w.empties = 500; /* of the whole life: of nine receives eight at most are in vain */
    struct prediction p = predict(&w, &far);
    is(p.part[PART_TCP], 900 + 2900);
    is(p.part[PART_WAIT], 8 * 50 + 0.5 * 1000 + 250);
    is(p.part[PART_SWITCH], 0);
}

static void bytes(void **state)
{
    (void)state;
    struct unit_costs far = far_costs();
    struct work w = work();
    w.protocol = PROTOCOL_ECHO;
    w.bytes_in = 1064;
    w.bytes_out = 264;
    struct prediction p = predict(&w, &far);
    is(p.part[PART_TCP], 900 + 2900 + 1000 + 200);
    is(p.part[PART_SESSION], 80);
}

static void missing(void **state)
{
    (void)state;
    struct unit_costs far = far_costs();
    struct work w = work();
    struct prediction p;
    char error[200];
    w.wakings = 1;
    far.at[UNIT_WAKE_CROSS_CPU] = (struct unit_cost_figure){.ns = NAN, .why = "one CPU"};
    assert_false(cost_predict(&p, &w, &far, error, sizeof error));
    assert_string_equal(error, "the unit cost wake_cross_cpu is not known: one CPU");
    w.wakings = 0;
    predict(&w, &far); /* what nobody does needs no cost */
    w.calls[CALL_FUTEX] = NAN;
    assert_false(cost_predict(&p, &w, &far, error, sizeof error));
    assert_string_equal(error, "futex not counted");
    w.calls[CALL_FUTEX] = 0;
    w.system_calls = NAN;
    assert_false(cost_predict(&p, &w, &far, error, sizeof error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness), cmocka_unit_test(lists),      cmocka_unit_test(ring),
        cmocka_unit_test(sleepers),  cmocka_unit_test(vain_calls), cmocka_unit_test(bytes),
        cmocka_unit_test(missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
