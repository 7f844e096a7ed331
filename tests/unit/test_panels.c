#include "bench/show/panels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/family.h"
#include "bench/show/gnuplot.h"

#include "unit.h"

static void axis_from_zero(void **state)
{
    struct tics t;
    (void)state;
    tics_linear(&t, 278202, UNIT_RATE);
    assert_string_equal(t.text, "\"0\" 0, \"100 k\" 100000, \"200 k\" 200000");
    assert_string_equal(t.bare, "\"\" 0, \"\" 100000, \"\" 200000");
    assert_true(t.high > 278202 && t.high < 300000);
    tics_linear(&t, 0, UNIT_TIME); /* nothing to draw has an axis as well */
    assert_true(t.high > 0);
}

static void axis_of_decades(void **state)
{
    struct tics t;
    (void)state;
    tics_log(&t, 14, 23000, UNIT_TIME);
    assert_string_equal(t.text, "\"10 µs\" 10, \"100 µs\" 100, \"1 ms\" 1000, \"10 ms\" 10000");
    assert_float_equal(t.high, 50000, 1e-6);
    tics_log(&t, 14, 23, UNIT_TIME); /* two labels at least */
    assert_string_equal(t.text, "\"10 µs\" 10, \"100 µs\" 100");
    tics_log(&t, 3500, 170000, UNIT_RATE);
    assert_string_equal(t.text, "\"10 k\" 10000, \"100 k\" 100000");
    assert_float_equal(t.low, 2000, 1e-9);
    assert_float_equal(t.high, 200000, 1e-6);
    tics_log(&t, 0.1, 0.1, UNIT_KIB);
    assert_string_equal(t.text, "\"0.1 KiB\" 0.1, \"1 KiB\" 1");
    tics_log(&t, 10, 1000, UNIT_TIME);
    assert_float_equal(tics_part(&t, 100), 0.5, 1e-9);
    assert_float_equal(tics_value(&t, 0.5), 100, 1e-9);
}

static void axis_of_the_sweep(void **state)
{
    static const unsigned connections[] = {1, 64, 1000, 1024};
    static const unsigned idle[] = {0, 100, 8000};
    struct tics t;
    double x[4];
    (void)state;
    tics_sweep(&t, AXIS_CONNECTIONS, connections, 4, x);
    assert_float_equal(x[1], 6, 1e-9);
    assert_string_equal(t.text, "\"1\" 0, \"64\" 6, \"1,024\" 10"); /* 1000 would touch it */
    tics_sweep(&t, AXIS_CONNECTIONS, idle, 3, x);
    assert_float_equal(x[2], 2, 0);
    assert_string_equal(t.text, "\"0\" 0, \"100\" 1, \"8,000\" 2");
}

static void families(void **state)
{
    (void)state;
    assert_string_equal(family_at(family_of("epoll-et"))->name, "epoll");
    assert_string_equal(family_at(family_of("nginx"))->name, "epoll");
    assert_string_equal(family_at(family_of("epol"))->name, "other");
    assert_string_equal(family_at(family_of("tiny_web_app"))->name, "other");
    assert_null(family_at(FAMILIES_MAX));
}

static void add(struct panels *p, const char *name, double last)
{
    panels_line(p, name);
    for (int i = 0; i < 2; i++)
        panels_point(p, (struct panel_point){.x = i,
                                             .value = i ? last : 1,
                                             .low = NAN,
                                             .high = NAN,
                                             .state = isnan(last) ? POINT_NONE : POINT_VALID});
}

/* Names that end at one place are moved apart, in the order of their lines, and stay inside. */
static void names_do_not_touch(void **state)
{
    static const char *const names[] = {"epoll-lt", "epoll-et", "epoll-multi", "nginx",
                                        "twisted"};
    struct panels p = {.y = {.high = 100}};
    (void)state;
    for (int i = 0; i < 5; i++)
        add(&p, names[i], 99 + 0.1 * i);
    panels_arrange(&p);
    assert_int_equal(p.panel_count, 1);
    for (int i = 0; i < 5; i++) {
        assert_true(p.lines[i].label > 0 && p.lines[i].label < 100);
        if (i > 0)
            assert_true(p.lines[i].label - p.lines[i - 1].label > 12);
        assert_int_equal(p.lines[i].shape, i + 1);
    }
    panels_free(&p);
}

static void five_lines_a_panel(void **state)
{
    char names[7][8];
    struct panels p = {.y = {.high = 100}};
    (void)state;
    for (int i = 0; i < 7; i++) {
        snprintf(names[i], sizeof names[i], "odd-%d", i);
        add(&p, names[i], 50);
    }
    add(&p, "select", 50);
    add(&p, "poll", NAN); /* nothing of it is drawn */
    panels_arrange(&p);
    assert_int_equal(p.panel_count, 3);
    assert_int_equal(p.lines[7].panel, 1); /* the families are in the order of the list */
    assert_int_equal(p.lines[8].panel, 0);
    assert_int_equal(p.lines[4].panel, 2);
    assert_int_equal(p.lines[5].panel, 3);
    assert_int_equal(p.lines[5].shape, 1);
    panels_free(&p);
}

static void text_in_lines(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *lines;
    } cases[] = {
        {"", 10, "''"},
        {"one two three", 7, "'one two'.\"\\n\".'three'"},
        {"takes 5.35 ms here", 12, "'takes'.\"\\n\".'5.35 ms here'"},
        {"a_b^{2} it's", 80, "'a\\_b\\^\\{2\\} it''s'"},
        {"µµµµ µµ", 4, "'µµµµ'.\"\\n\".'µµ'"},
        {"unbreakable", 4, "'unbreakable'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *lines = gnuplot_lines(cases[i].text, cases[i].columns);
        assert_string_equal(lines, cases[i].lines);
        free(lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axis_from_zero),     cmocka_unit_test(axis_of_decades),
        cmocka_unit_test(axis_of_the_sweep),  cmocka_unit_test(families),
        cmocka_unit_test(names_do_not_touch), cmocka_unit_test(five_lines_a_panel),
        cmocka_unit_test(text_in_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
