#include "bench/plan/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/placeholders.h"
#include "bench/plan/external.h"
#include "bench/plan/plan.h"
#include "unit.h"

static char file[200];

static const struct plan_machine big = {.descriptors = 1000, .server_cpus = 1};
static const struct plan_machine small = {.descriptors = 70, .server_cpus = 1};

static bool read_text(const char *text, struct scenario *s, char *error, size_t error_size)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return scenario_read(file, s, error, error_size);
}

static void reads_all_keys(void **state)
{
    (void)state;
    struct scenario s;
    char error[512] = "";
    bool good = read_text("# a comment\n"
                          "[scenario]\n"
                          "name = one-two\n"
                          "question = What\n"
                          "  costs what?\n"
                          "expect = This ; and this: a=b\n"
                          "[sweep]\n"
                          "models = poll, select\n"
                          "protocols = echo\n"
                          "connections = 1, 64, 1k\n"
                          "repetitions = 5\n"
                          "duration = 0.35s\n"
                          "warmup = 100ms\n"
                          "timeout = 3\n"
                          "path = /bytes/10\n"
                          "payload = 2k\n"
                          "rank = 1024\n"
                          "server_cpus = 2\n"
                          "generator_threads = 3\n"
                          "[model:select]\n"
                          "connections = 1, 8\n"
                          "reason = it is\n"
                          "  small\n",
                          &s, error, sizeof error);
    assert_string_equal(error, "");
    assert_true(good);
    assert_string_equal(s.name, "one-two");
    assert_string_equal(s.question, "What costs what?");
    assert_string_equal(s.expect, "This ; and this: a=b");
    assert_string_equal(s.models, "poll, select");
    assert_false(s.protocols[PROTOCOL_HTTP]);
    assert_true(s.protocols[PROTOCOL_ECHO]);
    assert_int_equal(s.connections.count, 3);
    assert_int_equal(s.connections.at[2], 1024);
    assert_int_equal(s.repetitions, 5);
    assert_int_equal(s.duration_ns, 350000000);
    assert_int_equal(s.warmup_ns, 100000000);
    assert_int_equal(s.timeout_ns, 3000000000);
    assert_string_equal(s.path, "/bytes/10");
    assert_int_equal(s.payload, 2048);
    assert_int_equal(s.rank, 1024);
    assert_int_equal(s.server_cpus, 2);
    assert_int_equal(s.generator_threads, 3);
    assert_string_equal(scenario_override(&s, "select")->reason, "it is small");
    assert_int_equal(scenario_points(&s, "select")->count, 2);
    assert_int_equal(scenario_points(&s, "poll")->count, 3);
    assert_null(scenario_override(&s, "poll"));
    scenario_free(&s);
}

static void defaults(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    assert_true(read_text("[scenario]\nname=x\n[sweep]\nconnections=1,16,64,256\n", &s, error,
                          sizeof error));
    assert_true(s.protocols[PROTOCOL_HTTP] && s.protocols[PROTOCOL_ECHO]);
    assert_int_equal(s.rank, 64);
    assert_int_equal(s.repetitions, 3);
    assert_int_equal(s.server_cpus, 1);
    assert_int_equal(s.generator_threads, 0);
    assert_null(s.models);
    scenario_free(&s);
    assert_true(
        read_text("[scenario]\nname=x\n[sweep]\nconnections=2,8,9\n", &s, error, sizeof error));
    assert_int_equal(s.rank, 8);
    scenario_free(&s);
}

#define HEAD "[scenario]\nname = x\n[sweep]\n"
#define GOOD HEAD "connections = 1\n"

static const struct {
    const char *text;
    int line; /* 0: no line is to blame */
    const char *says;
} faults[] = {
    {GOOD "colour = red\n", 5, "unknown key 'colour' in [sweep]"},
    {"[scenario]\nname = x\nsize = 1\n", 3, "unknown key 'size' in [scenario]"},
    {GOOD "[model:poll]\nspeed = 1\n", 6, "unknown key 'speed' in [model:poll]"},
    {GOOD "[models]\nx = 1\n", 6, "unknown section [models]"},
    {GOOD " 2\n", 5, "'connections' has a value already"},
    {GOOD "connections = 2\n", 5, "'connections' has a value already"},
    {GOOD "protocols = http\n  echo\n", 6, "'protocols' has a value already"},
    {GOOD "[model:poll]\nconnections = 1\n 2\n", 7, "'connections' has a value already"},
    {GOOD "# caf\xe9\n", 5, "not UTF-8"},
    {GOOD "duration = fast\n", 5, "duration = 'fast'"},
    {GOOD "duration = 0\n", 5, "duration = '0'"},
    {GOOD "warmup = -1s\n", 5, "warmup = '-1s'"},
    {GOOD "settle = soon\n", 5, "settle = 'soon'"},
    {GOOD "repetitions = 0\n", 5, "repetitions = '0'"},
    {GOOD "repetitions = 3x\n", 5, "repetitions = '3x'"},
    {GOOD "protocols = http, smtp\n", 5, "protocols = 'http, smtp'"},
    {GOOD "protocols =\n", 5, "protocols = ''"},
    {HEAD "connections = 4, 2\n", 4, "ascending"},
    {HEAD "connections = 4, 4\n", 4, "ascending"},
    {HEAD "connections = 0\n", 4, "connections = '0'"},
    {HEAD "connections = \n", 4, "connections = ''"},
    {GOOD "path = bytes\n", 5, "path = 'bytes'"},
    {GOOD "path = /a b\n", 5, "path = '/a b'"},
    {GOOD "path = /a#b\n", 5, "path = '/a#b'"},
    {GOOD "path = /<\n", 5, "path = '/<'"},
    {GOOD "payload = 0\n", 5, "payload = '0'"},
    {GOOD "generator_threads = many\n", 5, "generator_threads = 'many'"},
    {"[scenario]\nname = Big Name\n", 2, "name = 'Big Name'"},
    {GOOD "order = a\n", 5, "order = 'a'"},
    {GOOD "order = a > > b\n", 5, "order = 'a > > b'"},
    {GOOD "order = a > b c\n", 5, "order = 'a > b c'"},
    {GOOD "[model:poll]\noptions = 'a\n", 6, "options: a quote is not closed"},
    {GOOD "[model:poll]\noptions =\n", 6, "options: the command is empty"},
    {GOOD "nonsense\n", 5, "neither"},
    {"[scenario\n", 1, "neither"},
    {"[sweep]\nconnections = 1\n", 0, "has no name"},
    {"[scenario]\nname = x\n", 0, "no connections"},
    {GOOD "rank = 7\n", 0, "rank is none of"},
    {GOOD "[load]\nhosts = a,,b\n", 6, "hosts = 'a,,b'"},
    {GOOD "[load]\nhosts = -a\n", 6, "hosts = '-a'"},
    {GOOD "[load]\nhosts = a;b\n", 6, "hosts = 'a;b'"},
    {GOOD "[load]\nlauncher = 'a\n", 6, "launcher: a quote is not closed"},
    {GOOD "[load]\ncount = 3\n", 6, "unknown key 'count' in [load]"},
    {GOOD "[load]\nhosts = a\n[server]\nhost = b,c\n", 8, "host = 'b,c'"},
    {GOOD "[server]\nhost = b\n", 0, "[server] goes with [load]"},
    {GOOD "[load]\nhosts = a\nlauncher = srun\n", 0, "no {hosts} or {slots} for them"},
    {GOOD "[load]\nlauncher = mpirun --host {slots}\n", 0, "no hosts are named"},
    {GOOD "[load]\nlauncher = srun\n[server]\nhost = b\n", 0, "no {hosts} or {slots} for it"},
    {GOOD "axis = transport\nat = 0\n[load]\nhosts = a\n", 0, "axis transport"},
    {GOOD "externals = nginx\n[load]\nhosts = a\n", 0, "externals"},
    {"", 0, "has no name"},
};

static void names_the_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct scenario s;
        char error[512] = "";
        char place[sizeof file + 16];
        if (read_text(faults[i].text, &s, error, sizeof error))
            fail_msg("accepted: %s", faults[i].text);
        if (faults[i].line)
            snprintf(place, sizeof place, "%s:%d: ", file, faults[i].line);
        else
            snprintf(place, sizeof place, "%s: ", file);
        if (strncmp(error, place, strlen(place)) != 0 || !strstr(error, faults[i].says))
            fail_msg("'%s' does not begin with '%s' and say '%s'", error, place,
                     faults[i].says);
        assert_null(strchr(error, '\n'));
        scenario_free(&s);
    }
}

static void words_are(char **words, const char *line)
{
    char all[512] = "";
    for (size_t i = 0; words[i]; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? "|" : "", words[i]);
    assert_string_equal(all, line);
    words_free(words);
}

static void starts_on_other_hosts(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    assert_true(read_text(GOOD "[load]\nhosts = a, b-1\n[server]\nhost = c\n", &s, error,
                          sizeof error));
    assert_true(launch_given(&s.launch));
    assert_int_equal(launch_host_count(&s.launch), 2);
    words_are(launch_words(&s.launch, NULL),
              "mpirun|--host|a:1,b-1:1|-np|2|--map-by|ppr:1:node|--bind-to|none");
    words_are(launch_words(&s.launch, s.launch.server_host),
              "mpirun|--host|c:1|-np|1|--map-by|ppr:1:node|--bind-to|none");
    char *listen = launch_listen(&s.launch);
    assert_string_equal(listen, "c:0");
    free(listen);
    assert_non_null(scenario_no_yardstick(&s));
    scenario_free(&s);
    assert_true(read_text(GOOD "[load]\nhosts = a,b\nlauncher = x '{hosts} {count}'\n[server]\n"
                               "address = 10.0.0.4\n",
                          &s, error, sizeof error));
    words_are(launch_words(&s.launch, NULL), "x|a,b 2");
    listen = launch_listen(&s.launch);
    assert_string_equal(listen, "10.0.0.4:0");
    free(listen);
    scenario_free(&s);
    assert_true(read_text(GOOD "[load]\nlauncher = srun -N 3\n", &s, error, sizeof error));
    words_are(launch_words(&s.launch, NULL), "srun|-N|3");
    assert_int_equal(launch_host_count(&s.launch), 0);
    scenario_free(&s);
    assert_true(read_text(GOOD, &s, error, sizeof error) && !launch_given(&s.launch));
    scenario_free(&s);
}

static void a_missing_file(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    assert_false(scenario_read("/no/such/file.ini", &s, error, sizeof error));
    assert_non_null(strstr(error, "/no/such/file.ini"));
    scenario_free(&s);
}

static struct model two[] = {{.name = (char[]){"small"}, .max_connections = 8},
                             {.name = (char[]){"large"}}};

static void plan_holds_every_point_once_a_block(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    struct model_list models = {two, 2};
    struct plan p;
    assert_true(read_text("[scenario]\nname=x\n[sweep]\nconnections=1,8,64\nrepetitions=4\n",
                          &s, error, sizeof error));
    plan_make(&p, &s, &models, 1, &big, true);
    assert_int_equal(p.points, 10); /* small is skipped at 64, once a protocol */
    assert_int_equal(p.skipped_count, 2);
    assert_int_equal(p.count, 50);
    for (size_t block = 0; block < 5; block++) {
        unsigned seen[PROTOCOL_COUNT][2][65] = {0};
        for (size_t i = 0; i < p.points; i++) {
            const struct plan_trial *t = &p.trials[block * p.points + i];
            assert_int_equal(t->id, block * p.points + i + 1);
            assert_int_equal(t->block, block);
            assert_int_equal(t->counting, block == 0);
            assert_int_equal(seen[t->protocol][t->model - two][t->connections]++, 0);
        }
    }
    plan_free(&p);

    plan_make(&p, &s, &models, 1, &small, false);
    assert_int_equal(p.trials[0].block, 1);
    assert_int_equal(p.points,
                     4); /* 70 descriptors hold one connection and what a server needs */
    assert_non_null(strstr(p.skipped[0].reason, "descriptors"));
    plan_free(&p);
    scenario_free(&s);
}

/* A model that cannot run here has no points, a server of others none in a protocol it does not
 * speak. */
static void plan_of_those_that_can(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    struct external speaks_echo = {.protocols = {false, true}};
    struct model three[] = {{.name = (char[]){"ours"}},
                            {.name = (char[]){"old"}, .unsupported = (char[]){"no ring"}},
                            {.name = (char[]){"theirs"}, .external = &speaks_echo}};
    struct model_list models = {three, 3};
    struct plan p;
    assert_true(read_text("[scenario]\nname=x\n[sweep]\nconnections=1,8\nrepetitions=1\n"
                          "externals = theirs\norder = theirs > ours\n[model:ours]\n"
                          "options = --workers 4\n",
                          &s, error, sizeof error));
    assert_string_equal(s.externals, "theirs");
    assert_string_equal(s.order, "theirs > ours");
    assert_string_equal(scenario_override(&s, "ours")->options, "--workers 4");
    plan_make(&p, &s, &models, 1, &big, false);
    assert_int_equal(p.points, 6);
    for (size_t i = 0; i < p.points; i++) {
        assert_ptr_not_equal(p.trials[i].model, &three[1]);
        if (p.trials[i].model == &three[2])
            assert_int_equal(p.trials[i].protocol, PROTOCOL_ECHO);
    }
    assert_int_equal(p.skipped_count, 1);
    assert_int_equal(p.skipped[0].connections, 0);
    assert_string_equal(p.skipped[0].reason, "no ring");
    plan_free(&p);
    scenario_free(&s);
}

/* Points that need more CPUs than there are are skipped; all, where a server can have only one. */
static void plan_of_cores(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    struct model_list models = {two, 2};
    struct plan p;
    assert_true(read_text("[scenario]\nname=x\n[sweep]\nprotocols=http\naxis=cores\n"
                          "connections=4\nat=1,2,4,8\nrepetitions=1\n",
                          &s, error, sizeof error));
    assert_int_equal(scenario_server_cpus(&s, 6), 5);
    assert_int_equal(scenario_server_cpus(&s, 16), 8);
    const struct plan_machine five = {.descriptors = 1000, .server_cpus = 5};
    plan_make(&p, &s, &models, 1, &five, false);
    assert_int_equal(p.points, 6);
    for (size_t i = 0; i < p.points; i++)
        assert_true(p.trials[i].at <= 4);
    assert_int_equal(p.skipped_count, 2);
    assert_non_null(strstr(plan_why_skipped(&p), "needs 9 CPUs or more"));
    plan_free(&p);
    plan_make(&p, &s, &models, 1, &big, false);
    assert_int_equal(p.points, 0);
    assert_non_null(strstr(plan_why_skipped(&p), "needs 3 CPUs or more"));
    plan_free(&p);
    scenario_free(&s);
}

static void order(const struct scenario *s, uint64_t seed, unsigned out[12])
{
    struct model_list models = {two + 1, 1};
    struct plan p;
    plan_make(&p, s, &models, seed, &big, false);
    assert_int_equal(p.count, 12);
    for (size_t i = 0; i < p.count; i++)
        out[i] = p.trials[i].connections * 2 + (unsigned)p.trials[i].protocol;
    plan_free(&p);
}

static void seed_makes_the_order(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    unsigned a[12], b[12], c[12];
    assert_true(
        read_text("[scenario]\nname=x\n[sweep]\nconnections=1,2,3,4,5,6\nrepetitions=1\n", &s,
                  error, sizeof error));
    order(&s, 1, a);
    order(&s, 1, b);
    order(&s, 2, c);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    scenario_free(&s);
}

/* Over many seeds every trial must come first about equally often. */
static void no_place_is_favoured(void **state)
{
    (void)state;
    struct scenario s;
    char error[512];
    unsigned first[16] = {0};
    assert_true(
        read_text("[scenario]\nname=x\n[sweep]\nconnections=1,2,3,4,5,6\nrepetitions=1\n", &s,
                  error, sizeof error));
    for (uint64_t seed = 0; seed < 12000; seed++) {
        unsigned a[12];
        order(&s, seed, a);
        first[a[0]]++;
    }
    for (unsigned i = 2; i < 14; i++) /* 1000 expected, standard deviation 30 */
        assert_in_range(first[i], 850, 1150);
    scenario_free(&s);
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
        cmocka_unit_test(reads_all_keys),
        cmocka_unit_test(defaults),
        cmocka_unit_test(names_the_line),
        cmocka_unit_test(starts_on_other_hosts),
        cmocka_unit_test(a_missing_file),
        cmocka_unit_test(plan_holds_every_point_once_a_block),
        cmocka_unit_test(plan_of_those_that_can),
        cmocka_unit_test(plan_of_cores),
        cmocka_unit_test(seed_makes_the_order),
        cmocka_unit_test(no_place_is_favoured),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
