#include "loadgen/report/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/report/result.h"
#include "loadgen/report/verdict.h"
#include "unit.h"

/* A window of a second on three hosts, and all is well. */
static struct hosts *three(void)
{
    struct hosts *hosts = calloc(1, sizeof *hosts + 3 * sizeof hosts->each[0]);

    hosts->count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        snprintf(hosts->each[i].name, sizeof hosts->each[i].name, "h%u", i + 1);
        strcpy(hosts->each[i].verdict, "ok");
    }
    return hosts;
}

static void expect(struct hosts *hosts, const char *verdict, const char *reason)
{
    static struct result result;

    result = (struct result){.hosts = hosts, .window_ns = 1000000000};
    result.sum.window.n[COUNT_OK] = 1;
    verdict_unite(&result);
    assert_string_equal(result.verdict, verdict);
    assert_string_equal(result.verdict_reason, reason);
    assert_int_equal(verdict_bad(&result),
                     strcmp(verdict, "INVALID") == 0 || strcmp(verdict, "FAILED") == 0);
    assert_int_equal(verdict_exit_status(&result),
                     strcmp(verdict, "INVALID") == 0  ? EXIT_INVALID
                     : strcmp(verdict, "FAILED") == 0 ? EXIT_FAILED
                                                      : 0);
    free(hosts);
}

static void set(struct hosts *hosts, int i, const char *verdict, const char *reason)
{
    strcpy(hosts->each[i].verdict, verdict);
    strcpy(hosts->each[i].reason, reason);
}

static void the_worst_wins(void **state)
{
    (void)state;
    expect(three(), "ok", "");
    struct hosts *hosts = three();
    set(hosts, 1, "generator-limited", "busy");
    expect(hosts, "generator-limited", "h2: busy");
    hosts = three();
    set(hosts, 1, "generator-limited", "busy");
    set(hosts, 2, "FAILED", "many");
    expect(hosts, "FAILED", "h3: many");
    hosts = three();
    set(hosts, 0, "INVALID", "late");
    set(hosts, 1, "INVALID", "later");
    set(hosts, 2, "FAILED", "many");
    expect(hosts, "INVALID", "h1: late");
}

/* 1 % of the window, and not more; 1 ms of bound, and not more. */
static void not_together(void **state)
{
    static const char apart[] =
        "the windows did not open together: 10.000 ms from the first to "
        "the last, of 1.000 s";
    static const char unknown[] =
        "the clocks of the hosts are known to 1.000 ms only, so nobody "
        "knows whether the windows opened together";

    (void)state;
    struct hosts *hosts = three();
    hosts->skew_ns = 10000000;
    hosts->bound_ns = 1000000;
    expect(hosts, "ok", "");
    hosts = three();
    hosts->skew_ns = 10000001;
    set(hosts, 2, "FAILED", "many");
    expect(hosts, "INVALID", apart);
    hosts = three();
    hosts->skew_ns = 10000001;
    hosts->bound_ns = 1000001;
    expect(hosts, "INVALID", unknown);
    hosts = three();
    hosts->skew_ns = 10000001;
    set(hosts, 2, "INVALID", "late");
    expect(hosts, "INVALID", "h3: late");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_wins),
        cmocka_unit_test(not_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
