#include "bench/scale/limits.h"
#include "bench/scale/line.h"
#include "bench/scale/scale_report.h"
#include "bench/scale/shape.h"
#include "bench/scale/slabs.h"

#include <math.h>
#include <string.h>

#include "unit.h"

static void a_line_is_found(void **state)
{
    (void)state;
    struct line_point points[] = {{.x = 500}, {.x = 1000}, {.x = 2000}, {.x = 8000}};
    for (int i = 0; i < 4; i++)
        points[i].y = 3000 + 8.5 * points[i].x;
    struct line l = line_fit(points, 4);
    assert_true(fabs(l.base - 3000) < 1e-6 && fabs(l.each - 8.5) < 1e-9);
    assert_true(l.worst < 1e-9);
    assert_true(!points[0].held_out && points[1].held_out && points[3].held_out);
    assert_true(fabs(line_at(&l, 1e6) - 8503000) < 1e-3);
}

static void a_bend_is_seen_where_it_was_not_fitted(void **state)
{
    (void)state;
    struct line_point points[] = {{.x = 500}, {.x = 1000}, {.x = 2000}, {.x = 8000}};
    for (int i = 0; i < 4; i++)
        points[i].y = 8 * points[i].x;
    points[3].y = 80000; /* the line says 64000 */
    struct line l = line_fit(points, 4);
    assert_true(fabs(l.worst - 0.2) < 1e-9 && l.worst > LINE_ERROR);
    points[3].y = 66000;
    l = line_fit(points, 4);
    assert_true(l.worst < LINE_ERROR && l.worst > 0.03);
}

static void no_line_without_every_value(void **state)
{
    (void)state;
    static const double wrong[] = {NAN, INFINITY, 0, -5};
    for (int w = 0; w < 4; w++)
        for (int at = 0; at < 4; at++) {
            struct line_point points[] = {
                {500, 10, false}, {1000, 20, false}, {2000, 40, false}, {8000, 160, false}};
            points[at].y = wrong[w];
            struct line l = line_fit(points, 4);
            assert_true(isinf(l.worst) && l.worst > LINE_ERROR && isnan(line_at(&l, 1e6)));
            assert_true(!points[0].held_out && points[1].held_out && points[3].held_out);
        }
}

static void no_number_is_told_of_a_line_that_does_not_hold(void **state)
{
    (void)state;
    struct line_point points[] = {
        {500, 10, false}, {1000, 20, false}, {2000, 40, false}, {8000, 160, false}};
    for (int holds = 0; holds < 2; holds++) {
        points[3].y = holds ? 160 : 200;
        struct line l = line_fit(points, 4);
        json_t *o = scale_line_json(points, 4, &l, 1, 1e6);
        assert_true(json_is_real(json_object_get(o, "worst_error")));
        assert_int_equal(json_is_null(json_object_get(o, "connections")), !holds);
        assert_int_equal(json_is_null(json_object_get(o, "kib")), !holds);
        json_decref(o);
    }
}

static void pilots_tell_a_cost_or_say_why_not(void **state)
{
    (void)state;
    struct scale_pilot p = {
        .few = 1000, .many = 5000, .first = 12000, .second = 52000, .server = 3000};
    struct scale_cost c;
    char why[512];
    assert_true(scale_cost_find(&p, &c, why, sizeof why));
    assert_true(fabs(c.each - 10) < 1e-9 && fabs(c.pair - 5000) < 1e-6);
    p.second = p.first;
    assert_false(scale_cost_find(&p, &c, why, sizeof why));
    assert_non_null(strstr(why, "1000 took 11.7 MiB, and 5000 took 11.7 MiB"));
    double *const values[] = {&p.first, &p.second, &p.server};
    for (int i = 0; i < 3; i++) {
        double kept = *values[i];
        *values[i] = NAN;
        assert_false(scale_cost_find(&p, &c, why, sizeof why));
        assert_non_null(strstr(why, "/proc/meminfo"));
        *values[i] = kept;
    }
    p = (struct scale_pilot){.many = 20, .second = -100, .server = 3000};
    assert_true(scale_cost_find(&p, &c, why, sizeof why));
    assert_true(c.each == 0 && c.pair == 3000);
    p.second = NAN;
    assert_false(scale_cost_find(&p, &c, why, sizeof why));
}

static void each_pair_has_its_part(void **state)
{
    (void)state;
    struct scale_shape s;
    char why[256], text[SCALE_SOURCE_TEXT], other[SCALE_SOURCE_TEXT];
    unsigned sum = 0;
    assert_true(scale_shape_find(&s, 100003, 20000, 64, why, sizeof why));
    assert_int_equal(s.pairs, 6);
    for (unsigned i = 0; i < s.pairs; i++) {
        sum += scale_part(&s, i);
        assert_true(scale_part(&s, i) + 64 < 20000);
    }
    assert_int_equal(sum, 100003);
    assert_int_equal(scale_share(7, 4, 0) + scale_share(7, 4, 1) + scale_share(7, 4, 2), 6);
    assert_int_equal(scale_share(7, 4, 3), 1);
    assert_int_equal(scale_share(1000, 3, 0), 334);
    assert_int_equal(scale_share(1000, 3, 2), 333);
    s.sources = 2;
    assert_string_equal(scale_sources(&s, 0, text), "127.100.1.1-127.100.1.2");
    assert_string_equal(scale_sources(&s, 250, other), "127.101.1.1-127.101.1.2");
    assert_true(scale_shape_find(&s, 1, 1024, 0, why, sizeof why) && s.pairs == 1);
    assert_false(scale_shape_find(&s, 1, 100, 0, why, sizeof why));
    assert_non_null(strstr(why, "100 descriptors"));
}

static void limits_are_known_beforehand(void **state)
{
    (void)state;
    struct scale_shape s = {.connections = 100000, .pairs = 131};
    struct scale_limits l = {
        .descriptors = 8 * 131 + 96, .tasks = 2 * 131 + 8, .of = "a limit"};
    struct scale_cost cost = {.tasks_each = 1, .tasks_pair = 3};
    char why[512];
    assert_true(scale_limits_suffice(&l, &s, NULL, why, sizeof why));
    assert_false(scale_limits_suffice(&l, &s, &cost, why, sizeof why));
    assert_non_null(
        strstr(why, "100,532 threads and processes, and 270 more may be started (a limit)"));
    l.tasks--;
    assert_false(scale_limits_suffice(&l, &s, NULL, why, sizeof why));
    assert_non_null(
        strstr(why, "100,000 connections take 270 threads and processes, and 269 more"));
    l = (struct scale_limits){.descriptors = 1024, .tasks = INFINITY};
    assert_false(scale_limits_suffice(&l, &s, NULL, why, sizeof why));
    assert_non_null(strstr(why, "needs 1,144 descriptors to watch them, and may have 1,024"));
    scale_limits_read(&l, 5);
    assert_true(l.descriptors == 5 && l.tasks < 4194304 + 1 && l.of);
}

static void memory_decides(void **state)
{
    (void)state;
    struct scale_shape s = {.connections = 1000000, .pairs = 51};
    struct scale_cost cost = {.each = 10, .pair = 2048};
    char why[512];
    double gib = 1024 * 1024, sum = 1e7 + 51 * 2048;
    assert_true(fabs(scale_sum(&cost, &s) - sum) < 1e-6);
    assert_true(scale_fits(&cost, &s, sum + 4 * gib, 4 * gib, why, sizeof why));
    assert_false(scale_fits(&cost, &s, sum + 4 * gib - 1, 4 * gib, why, sizeof why));
    assert_non_null(strstr(why, "1,000,000 connections would take 9.6 GiB: 10.00 KiB"));
    assert_false(scale_fits(&cost, &s, 3 * gib, 4 * gib, why, sizeof why));
    assert_non_null(strstr(why, "enough for some 0"));
}

static void caches_that_grew(void **state)
{
    (void)state;
    static struct slabs before = {.count = 3, .at = {{"a", 10}, {"b", 10}, {"c", 10}}};
    static struct slabs after = {.count = 4, .at = {{"a", 12}, {"b", 4}, {"c", 90}, {"d", 7}}};
    struct slab out[2];
    assert_int_equal(slabs_grown(&before, &after, out, 2), 2);
    assert_string_equal(out[0].name, "c");
    assert_true(out[0].kib == 80 && out[1].kib == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_found),
        cmocka_unit_test(a_bend_is_seen_where_it_was_not_fitted),
        cmocka_unit_test(no_line_without_every_value),
        cmocka_unit_test(no_number_is_told_of_a_line_that_does_not_hold),
        cmocka_unit_test(pilots_tell_a_cost_or_say_why_not),
        cmocka_unit_test(each_pair_has_its_part),
        cmocka_unit_test(limits_are_known_beforehand),
        cmocka_unit_test(memory_decides),
        cmocka_unit_test(caches_that_grew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
