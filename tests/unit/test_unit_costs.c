/* Unit costs: written as JSON and read again, and what is no such JSON. */
#include "bench/machine/unit_costs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct unit_costs sample(void)
{
    struct unit_costs u = {
        .seconds = 3.25, .server_cpu = 2, .generator_cpu = 5, .clock_is_system_call = true};
    for (int i = 0; i < UNIT_COST_COUNT; i++)
        u.at[i] = (struct unit_cost_figure){100.5 + i, 90 + i, 120 + i, 80 + i, 40, ""};
    u.at[UNIT_IO_URING_ENTER_1] = (struct unit_cost_figure){
        .ns = NAN, .low = NAN, .high = NAN, .fastest = NAN, .why = "no \"io_uring\" here"};
    u.at[UNIT_FORK_WAIT].fastest = NAN;
    return u;
}

static void assert_same(double a, double b)
{
    assert_true(isnan(a) ? isnan(b) : fabs(a - b) < 1e-9);
}

static void round_trip(void **state)
{
    (void)state;
    char error[256] = "";
    struct unit_costs before = sample();
    struct unit_costs after;
    json_t *json = unit_costs_to_json(&before);
    /* Through text, as a file has it. */
    char *text = json_dumps(json, 0);
    json_t *read = json_loads(text, 0, NULL);
    assert_true(unit_costs_from_json(&after, read, error, sizeof error));
    assert_same(before.seconds, after.seconds);
    assert_int_equal(before.server_cpu, after.server_cpu);
    assert_int_equal(before.generator_cpu, after.generator_cpu);
    assert_true(after.clock_is_system_call);
    for (int i = 0; i < UNIT_COST_COUNT; i++) {
        assert_same(before.at[i].ns, after.at[i].ns);
        assert_same(before.at[i].low, after.at[i].low);
        assert_same(before.at[i].high, after.at[i].high);
        assert_same(before.at[i].fastest, after.at[i].fastest);
        assert_int_equal(before.at[i].batches, after.at[i].batches);
        assert_string_equal(before.at[i].why, after.at[i].why);
    }
    free(text);
    json_decref(json);
    json_decref(read);
}

/* What is said of the sample after `key` of `group` ("" is the outermost) became `value`. */
static void refused(const char *group, const char *key, const char *value, const char *says)
{
    char error[256] = "";
    struct unit_costs u = sample();
    json_t *json = unit_costs_to_json(&u);
    json_t *costs = json_object_get(json, "costs");
    json_t *one = group[0] == '\0'              ? json
                  : strcmp(group, "costs") == 0 ? costs
                                                : json_object_get(costs, group);
    json_object_set_new(one, key, json_loads(value, JSON_DECODE_ANY, NULL));
    assert_false(unit_costs_from_json(&u, json, error, sizeof error));
    assert_string_equal(error, says);
    json_decref(json);
}

static void damaged(void **state)
{
    (void)state;
    refused("", "version", "2", "unit_costs.version is another than 1");
    refused("", "seconds", "\"3\"", "unit_costs.seconds is no time");
    refused("", "seconds", "-3", "unit_costs.seconds is no time");
    refused("", "server_cpu", "-1", "unit_costs.server_cpu is no CPU");
    refused("", "server_cpu", "1.5", "unit_costs.server_cpu is no CPU");
    refused("", "generator_cpu", "4294967296", "unit_costs.generator_cpu is no CPU");
    refused("", "clock_is_system_call", "0",
            "unit_costs.clock_is_system_call is neither true nor false");
    refused("", "costs", "[]", "unit_costs.costs is no object");
    refused("costs", "syscall", "160", "unit_costs.costs.syscall is no object");
    refused("syscall", "ns", "\"160\"",
            "unit_costs.costs.syscall.ns is neither null nor a time");
    refused("recv_64", "ns", "-1", "unit_costs.costs.recv_64.ns is neither null nor a time");
    refused("recv_64", "low", "1000",
            "unit_costs.costs.recv_64.low, .ns and .high do not rise");
    refused("recv_64", "high", "null",
            "unit_costs.costs.recv_64.low, .ns and .high do not rise");
    refused("recv_64", "batches", "0",
            "unit_costs.costs.recv_64.batches is no number of batches");
    refused("syscall", "ns", "null",
            "unit_costs.costs.syscall.ns is null, and .why does not say why");
}

static void no_object(void **state)
{
    (void)state;
    char error[256] = "";
    struct unit_costs u;
    json_t *json = json_string("unit costs");
    assert_false(unit_costs_from_json(&u, json, error, sizeof error));
    assert_string_equal(error, "unit_costs is no object");
    json_decref(json);
}

/* A file of another version may know other costs. */
static void other_costs(void **state)
{
    (void)state;
    char error[256] = "";
    struct unit_costs u = sample();
    json_t *json = unit_costs_to_json(&u);
    json_t *costs = json_object_get(json, "costs");
    json_object_set_new(costs, "teleport", json_string("?"));
    json_object_del(costs, "timer_set");
    assert_true(unit_costs_from_json(&u, json, error, sizeof error));
    assert_true(isnan(u.at[UNIT_TIMER_SET].ns));
    assert_string_equal(u.at[UNIT_TIMER_SET].why, "not in this file");
    assert_same(u.at[UNIT_SYSCALL].ns, 100.5 + UNIT_SYSCALL);
    json_decref(json);
}

static void before_and_after(void **state)
{
    (void)state;
    struct unit_costs u = sample();
    struct unit_costs later = sample();
    later.at[UNIT_SYSCALL] = (struct unit_cost_figure){402, 80, 500, 300, 20, ""};
    later.at[UNIT_IO_URING_ENTER_1] = (struct unit_cost_figure){7, 6, 8, 5, 10, ""};
    later.at[UNIT_FORK_WAIT].ns = NAN;
    u.at[UNIT_SYSCALL].ns = 100.5;
    unit_costs_combine(&u, &later);
    assert_same(u.seconds, 6.5);
    assert_same(u.at[UNIT_SYSCALL].ns, 201); /* the geometric mean of 100.5 and 402 */
    assert_same(u.at[UNIT_SYSCALL].low, 80);
    assert_same(u.at[UNIT_SYSCALL].high, 500);
    assert_same(u.at[UNIT_SYSCALL].fastest, 80);
    assert_int_equal(u.at[UNIT_SYSCALL].batches, 60);
    assert_same(u.at[UNIT_IO_URING_ENTER_1].ns, 7);
    assert_string_equal(u.at[UNIT_IO_URING_ENTER_1].why, "");
    assert_same(u.at[UNIT_FORK_WAIT].ns, sample().at[UNIT_FORK_WAIT].ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),       cmocka_unit_test(damaged),
        cmocka_unit_test(no_object),        cmocka_unit_test(other_costs),
        cmocka_unit_test(before_and_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
