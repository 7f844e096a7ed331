#include "bench/plan/expectation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/plan/expectation_check.h"
#include "unit.h"

/* What was read, written again in one form. */
static const char *told(const struct expectation *e)
{
    static const char *const ops[] = {"<", "<=", ">", ">="};
    static char out[512];
    char at[64] = "-";
    char names[2][128] = {"", ""};
    const struct expectation_names *lists[] = {&e->models, &e->against};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->count; i++)
            sprintf(names[k] + strlen(names[k]), "%s%s", i ? "," : "", lists[k]->at[i]);
    if (e->axis)
        snprintf(at, sizeof at, "%s %u %u", e->axis, e->at, e->against_at);
    snprintf(out, sizeof out, "%d %s %s|%s @%s %s %g%s '%s'", e->form, e->metric, names[0],
             names[1], at, ops[e->op], e->limit, e->by_workers ? " by workers" : "",
             e->sentence);
    return out;
}

static void reads_each_form(void **state)
{
    static const struct {
        const char *text;
        const char *form;
        const char *told;
    } cases[] = {
        {"ratio(select, idle=8000 / idle=0) < 0.34", "ratio(select, idle=8000 / idle=0) < 0.34",
         "0 rate select| @idle 8000 0 < 0.34 ''"},
        {"ratio(p99_us {select, poll}, idle = 1k/idle=0)>=2: a: b",
         "ratio(p99_us {select, poll}, idle = 1k/idle=0)>=2",
         "0 p99_us select,poll| @idle 1024 0 >= 2 'a: b'"},
        {"ratio(fork / epoll-lt, connections=64) <= 1e-1 :why",
         "ratio(fork / epoll-lt, connections=64) <= 1e-1",
         "1 rate fork|epoll-lt @connections 64 0 <= 0.1 'why'"},
        {"ratio(rate {a,b}/{ c , d },x=1)>.5", "ratio(rate {a,b}/{ c , d },x=1)>.5",
         "1 rate a,b|c,d @x 1 0 > 0.5 ''"},
        {"value(starved iterative, connections=4) >= 3",
         "value(starved iterative, connections=4) >= 3",
         "2 starved iterative| @connections 4 0 >= 3 ''"},
        {"within(epoll-lt, epoll-et, 5%)", "within(epoll-lt, epoll-et, 5%)",
         "3 rate epoll-lt|epoll-et @- < 0.05 ''"},
        {"within (cpu_us_per_request a, {b, c}, 12.5 %, idle=0): yes",
         "within (cpu_us_per_request a, {b, c}, 12.5 %, idle=0)",
         "3 cpu_us_per_request a|b,c @idle 0 0 < 0.125 'yes'"},
        {"saturates(thread-pool, at = 12800)", "saturates(thread-pool, at = 12800)",
         "4 rate thread-pool| @- < 12800 ''"},
        {"saturates({a, b}, at=workers/wait): so", "saturates({a, b}, at=workers/wait)",
         "4 rate a,b| @- < 0 by workers 'so'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expectations list = {0};
        char error[512] = "";
        assert_true(expectation_is_form(cases[i].text));
        if (!expectations_add(&list, cases[i].text, 7, error, sizeof error))
            fail_msg("%s", error);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.at[0].line, 7);
        assert_string_equal(list.at[0].text, cases[i].form);
        assert_string_equal(told(&list.at[0]), cases[i].told);
        expectations_free(&list);
    }
}

static void refuses_what_is_no_form(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"ratio(", "the name of a model is missing at its end"},
        {"ratio()", "the name of a model is missing before ')'"},
        {"ratio(poll)", "',' is missing before ')'"},
        {"ratio(poll, idle)", "'AXIS = VALUE' is missing before 'idle)'"},
        {"ratio(poll, idle=x / idle=0) < 1", "a whole number is missing before 'x / "},
        {"ratio(poll, idle=-1 / idle=0) < 1", "a whole number is missing before '-1"},
        {"ratio(poll, idle=1.5 / idle=0) < 1", "a whole number is missing before '1.5"},
        {"ratio(poll, idle=1) < 1", "'/' is missing before ') < 1'"},
        {"ratio(poll, idle=1 / conns=0) < 1", "'idle = VALUE' is missing before 'conns=0"},
        {"ratio(poll, idle=1 / idle=0)", "one of <, <=, >, >= is missing at its end"},
        {"ratio(poll, idle=1 / idle=0) = 1", "one of <, <=, >, >= is missing before '= 1'"},
        {"ratio(poll, idle=1 / idle=0) < low", "a number is missing before 'low'"},
        {"ratio(poll, idle=1 / idle=0) < -1", "a number is missing before '-1'"},
        {"ratio(poll, idle=1 / idle=0) < nan", "a number is missing before 'nan'"},
        {"ratio(poll, idle=1 / idle=0) < 0x10", "a number is missing before '0x10'"},
        {"ratio(poll, idle=1 / idle=0) < 1e999", "a number is missing before '1e999'"},
        {"ratio(poll, idle=1 / idle=0) < 1 so", "':' and a sentence, or nothing, is missing"},
        {"ratio({poll, idle=1 / idle=0) < 1", "'}' is missing before '=1"},
        {"ratio({}, idle=1 / idle=0) < 1", "the name of a model is missing before '}"},
        {"ratio(rate poll select, idle=1 / idle=0) < 1", "',' is missing before 'select"},
        {"ratio(poll / , idle=1) < 1", "the name of a model is missing before ', idle"},
        {"value(poll, idle=1) < 1", "a model behind the column is missing before ', idle"},
        {"value({poll}, idle=1) < 1", "a column of summary.csv is missing before '{poll}"},
        {"within(a, b)", "',' is missing before ')'"},
        {"within(a, b, 5)", "'%' is missing before ')'"},
        {"within(a, 5%)", "',' is missing before '%)'"},
        {"saturates(a)", "',' is missing before ')'"},
        {"saturates(a, at = wait)", "a number is missing before 'wait)'"},
        {"saturates(a, at = workers)", "'/' is missing before ')'"},
        {"saturates(a, at = workers / 5)", "'wait' is missing before '5)'"},
        {"ratio(all, idle=1 / idle=0) < 1", "the name of a model is missing before 'all,"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expectations list = {0};
        char error[512] = "";
        if (expectations_add(&list, cases[i].text, 7, error, sizeof error))
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(error, cases[i].says) || strncmp(error, "expect = '", 10) != 0)
            fail_msg("'%s' does not say '%s'", error, cases[i].says);
        assert_int_equal(list.count, 0);
    }
}

static void no_character_is_cut_in_a_message(void **state)
{
    char text[400] = "value(rate poll, x=1) < ";
    char error[512];
    struct expectations list = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(text, "é");
    for (int shift = 0; shift < 2; shift++) {
        assert_false(expectations_add(&list, text + shift, 1, error, sizeof error));
        for (const char *at = error; *at; at++) {
            bool first = (unsigned char)*at == 0xC3;
            bool second = (unsigned char)at[1] == 0xA9;
            assert_int_equal(first, second);
        }
    }
}

static void prose_is_no_form(void **state)
{
    static const char *const prose[] = {"",
                                        "The ratio (of both) falls.",
                                        "ratio of both",
                                        "within 5 %",
                                        "ratios(a) < 1",
                                        "valuable(x)",
                                        "(ratio)"};
    (void)state;
    for (size_t i = 0; i < sizeof prose / sizeof prose[0]; i++)
        if (expectation_is_form(prose[i]))
            fail_msg("%s", prose[i]);
}

static char file[200];

static bool is_column(const char *name)
{
    return strcmp(name, "rate") == 0;
}

/* Ours are poll and mine, which no list names; theirs is a server of others. */
static bool fits(const char *text, char *error, size_t error_size)
{
    struct model at[] = {{.name = (char[]){"poll"}}, {.name = (char[]){"mine"}}};
    struct model others[] = {{.name = (char[]){"theirs"}}};
    const struct model_list ours = {at, 2}, externals = {others, 1};
    struct scenario s;
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    bool good = scenario_read(file, &s, error, error_size) &&
                expectations_fit(&s, file, &ours, &externals, is_column, error, error_size);
    scenario_free(&s);
    return good;
}

#define POLL "ratio(poll / select, connections=64) > 1"

static const struct {
    const char *expect; /* from line 3 on */
    const char *sweep;
    int line; /* 0: nothing is wrong */
    const char *says;
} scenarios[] = {
    {"expect = " POLL "\nexpect = All\n is well.\nexpect = " POLL ":\n twice\n", "", 0, ""},
    {"expect = a\n b\nexpect = c\n", "", 5, "a second 'expect' of prose"},
    {"expect = a\nquestion = b\nquestion = c\n", "", 5, "'question' has a value already"},
    {"expect = a\nexpect = ratio(poll\n / select, connections=64) = 1\n", "", 4,
     "one of <, <=, >, >= is missing before '= 1'"},
    {"expect = value(speed poll, connections=64) > 1\n", "", 3, "'speed' is no figure"},
    {"\nexpect = value(rate poll, idle=64) > 1\n", "", 4, "sweeps connections, not idle"},
    {"expect = value(rate poll, connections=65) > 1\n", "", 3,
     "poll is not measured at connections = 65, but at 1, 64"},
    {"expect = ratio(poll, connections=64 / connections=2) > 1\n", "", 3,
     "poll is not measured at connections = 2, but at 1, 64"},
    {"expect = ratio(poll, connections=64 / connections=64) > 1\n", "", 3,
     "both values are 64"},
    {"expect = value(rate select, connections=8) > 1\n", "[model:select]\nconnections = 8\n", 0,
     ""},
    {"expect = ratio(poll / select, connections=64) > 1\n", "[model:select]\nconnections = 8\n",
     3, "select is not measured at connections = 64, but at 8"},
    {"expect = within(poll, select, 5%)\n", "[model:select]\nconnections = 8\n", 3,
     "poll and select are measured nowhere"},
    {"expect = within(poll, {select, poll}, 5%)\n", "", 3, "poll stands on both sides"},
    {"expect = value(rate pol, connections=64) > 1\n", "", 3, "'pol' is none of the servers"},
    {"expect = value(rate mine, connections=64) > 1\n", "", 0, ""},
    {"expect = value(rate mine, connections=64) > 1\n", "models = poll\n", 3, "'mine' is none"},
    {"expect = value(rate thread, connections=64) > 1\n", "models = poll, thread\n", 0, ""},
    {"expect = value(rate theirs, connections=64) > 1\n", "", 3, "'theirs' is none"},
    {"expect = value(rate theirs, connections=64) > 1\n", "externals = all\n", 0, ""},
    {"expect = value(rate thoirs, connections=64) > 1\n", "externals = all\n", 3,
     "'thoirs' is none"},
    {"expect = value(rate away, connections=64) > 1\n", "externals = away\n", 0, ""},
    {"expect = saturates(poll, at = 5)\n", "", 0, ""},
    {"expect = saturates(poll, at = workers / wait)\n", "", 3, "no request of the scenario"},
    {"expect = saturates(poll, at = workers / wait)\n", "path = /wait/20\n", 0, ""},
    {"expect = saturates(poll, at = workers / wait)\n", "path = /wait/20\nprotocols = echo\n",
     3, "no request of the scenario"},
};

static void of_a_scenario(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        char text[1024], place[256] = "";
        char error[1024] = "";
        snprintf(text, sizeof text, "[scenario]\nname = x\n%s[sweep]\nconnections = 1, 64\n%s",
                 scenarios[i].expect, scenarios[i].sweep);
        bool good = fits(text, error, sizeof error);
        if (scenarios[i].line > 0)
            snprintf(place, sizeof place, "%s:%d: ", file, scenarios[i].line);
        if (good != (scenarios[i].line == 0) || strncmp(error, place, strlen(place)) != 0 ||
            !strstr(error, scenarios[i].says))
            fail_msg("%s: '%s' is not '%s' with '%s'", scenarios[i].expect, error, place,
                     scenarios[i].says);
    }
}

static int make_file(void **state)
{
    (void)state;
    unit_temporary(file, sizeof file);
    int fd = mkstemp(file);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_form),
        cmocka_unit_test(refuses_what_is_no_form),
        cmocka_unit_test(no_character_is_cut_in_a_message),
        cmocka_unit_test(prose_is_no_form),
        cmocka_unit_test(of_a_scenario),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
