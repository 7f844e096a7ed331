/* Lessons: what their files say, what windows say of an expression, what a prediction is worth, and
 * what is kept of a group. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lesson/class.h"
#include "bench/lesson/known.h"
#include "common/clock.h"
#include "unit.h"

#define HEAD                                                                                   \
    "[lesson]\nnumber = 7\nname = mine\ntitle = A title\npage = One.\n  More.\npage = Two.\n"  \
    "read = servers/models/select.c: all\n"
#define TAIL                                                                                   \
    "question = With {idle}?\nanswer = rate(b) / rate(a)\nexplain = {rate(a)}, {idle}\n"       \
    "claim = cpu(b) < {most}: so\n"
#define VARY  "[vary]\nidle = 10, 20, 30\nmost = 1, 2, 3\n"
#define PLAIN "[side:a]\nserver = select\n"
#define SIDES "[side:a]\nserver = select\n[side:b]\nserver = poll\nload = -c 4 --idle {idle}\n"

static void read_good(struct lesson *l, uint64_t seed)
{
    char error[400] = "";
    if (!lesson_read(l, HEAD TAIL VARY SIDES, "mine.lesson", seed, error, sizeof error))
        fail_msg("%s", error);
}

static void reads_a_file(void **state)
{
    struct lesson l;
    char value[16];
    (void)state;
    read_good(&l, 1);
    assert_int_equal(l.number, 7);
    assert_string_equal(l.name, "mine");
    assert_int_equal(l.page.count, 2);
    assert_string_equal(l.page.at[0].text, "One. More.");
    assert_int_equal(l.page.at[1].line, 7);
    assert_int_equal(l.side_count, 2);
    assert_int_equal(l.rounds, 9);
    assert_true(l.window_ns == 400 * NS_PER_MS);
    /* One place in all lists, and everywhere the same. */
    snprintf(value, sizeof value, "%zu", 10 * (l.choice + 1));
    char *question = text_format("With %s?", value);
    char *load = text_format("-c 4 --idle %s", value);
    char *claim = text_format("cpu(b) < %zu: so", l.choice + 1);
    assert_string_equal(l.question.text, question);
    assert_string_equal(l.sides[1].load.text, load);
    assert_string_equal(l.claim.at[0].text, claim);
    free(question);
    free(load);
    free(claim);
    lesson_free(&l);
}

static void the_seed_varies_the_question(void **state)
{
    bool met[3] = {false};
    struct lesson l;
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        read_good(&l, seed);
        size_t choice = l.choice;
        lesson_free(&l);
        read_good(&l, seed);
        assert_int_equal(l.choice, choice);
        met[choice] = true;
        lesson_free(&l);
    }
    assert_true(met[0] && met[1] && met[2]);
}

static void known_lessons_are_right(void **state)
{
    unsigned number = 0;
    (void)state;
    for (const struct lesson_file *f = lesson_files; f->name; f++) {
        struct lesson l;
        char error[400] = "";
        if (!lesson_read(&l, f->text, f->file, 5, error, sizeof error))
            fail_msg("%s", error);
        char *name = text_format("%02u-%s.lesson", ++number, l.name);
        assert_string_equal(f->file, name);
        assert_string_equal(f->name, l.name);
        assert_int_equal(l.number, number);
        assert_int_equal(l.read.count, 2);
        assert_true(l.variables[0].count >= 3);
        free(name);
        lesson_free(&l);
    }
    assert_int_equal(number, 10);
}

static const struct {
    const char *text, *error;
} bad_texts[] = {
    {"", "f:1: [lesson] has no number"},
    {"number = 1\n", "f:1: key 'number' in unknown section []"},
    {"[lesson]\nnumber = 0\n", "f:2: number = '0' is not a number from 1 to 99"},
    {"[lesson]\nname = A b\n", "f:2: name = 'A b' is not made of a-z"},
    {"[lesson]\ncolour = red\n", "f:2: unknown key 'colour' in [lesson]"},
    {"[lesson]\nnumber = 1\nnumber = 2\n", "f:3: 'number' has a value already"},
    {"[lesson]\nrounds = 5\n", "f:2: rounds = '5' is not a number from 6 to 100"},
    {"[lesson]\nwindow = soon\n", "f:2: window = 'soon' is not a time"},
    {"[lesson]\nhello\n", "f:2: neither [section] nor key = value"},
    {HEAD SIDES, "f:1: [lesson] has no question"},
    {HEAD TAIL VARY, "f:1: there is no [side:NAME]"},
    {HEAD TAIL VARY "[side:a]\nload = -c 1\n", "f:1: [side:a] has no server"},
    {HEAD TAIL VARY "[side:a]\nserver = 'x\n", "f:17: a quote is not closed"},
    {HEAD TAIL VARY SIDES "paths = x\n", "f:21: paths begin with '/', and not 'x'"},
    {HEAD TAIL VARY SIDES "paths = /a b\n", "f:21: paths begin with '/', and not 'b'"},
    /* What a text is with the value of a variable in it. */
    {HEAD TAIL VARY "c = 1', 2', 3'\n" PLAIN "load = -c {c}\n[side:b]\nserver = poll\n",
     "f:19: a quote is not closed"},
    {HEAD TAIL VARY "c = 1, 2, 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n" PLAIN
                    "load = -c {c}\n[side:b]\nserver = poll\n",
     "f:19: 17 words, and 16 at most are taken"},
    {HEAD TAIL VARY "p = /a, /b, c\n" PLAIN "paths = {p}\n[side:b]\nserver = poll\n",
     "f:19: paths begin with '/', and not 'c'"},
    {HEAD TAIL SIDES, "f:9: '{idle}' stands for nothing here"},
    {HEAD TAIL "[vary]\nidle = 1, 2\nmost = 1\n" SIDES,
     "f:15: most has 1 values and idle has 2"},
    {HEAD TAIL "[vary]\nI = 1\n" SIDES, "f:14: 'I' is no name of a-z and '_'"},
    {HEAD TAIL "[vary]\nidle =\n" SIDES, "f:14: idle = '' is not a list"},
    /* wrong for some seeds only */
    {HEAD TAIL "[vary]\nidle = 1, 2\nmost = 1, x\n" SIDES,
     "f:12: claim: a number is wanted, and not 'x: so'"},
    {HEAD "question = q\nanswer = rate(c)\nexplain = e\nclaim = cpu(a) > 1: t\n" PLAIN,
     "f:10: answer: no side 'c'"},
    {HEAD "question = q\nanswer = speed(a)\nexplain = e\nclaim = cpu(a) > 1: t\n" PLAIN,
     "f:10: answer: no figure 'speed'"},
    {HEAD "question = q\nanswer = rate(a) now\nexplain = e\nclaim = cpu(a) > 1: t\n" PLAIN,
     "f:10: answer: 'now' is too much"},
    {HEAD "question = q\nanswer = rate(a)\nexplain = {rate(a}\nclaim = cpu(a) > 1: t\n" PLAIN,
     "f:11: a ')' is wanted, and not '}'"},
    {HEAD "question = q\nanswer = rate(a)\nexplain = {rate(a) \nclaim = cpu(a) > 1: t\n" PLAIN,
     "f:11: a '}' is wanted, and not ''"},
    {HEAD "question = q\nanswer = rate(a)\nexplain = e\nclaim = cpu(a) = 1: t\n" PLAIN,
     "f:12: claim: '<' or '>' is wanted, and not '= 1: t'"},
    {HEAD "question = q\nanswer = rate(a)\nexplain = e\nclaim = cpu(a) > 1\n" PLAIN,
     "f:12: claim: ': TEXT' is wanted after the number"},
    {HEAD "question = q\nanswer = rate(a)\nexplain = e\nclaim = cpu(a) > 1:\n" PLAIN,
     "f:12: claim: a claim needs a text"},
};

static void bad_files_are_told_by_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        struct lesson l;
        char error[400] = "";
        assert_false(lesson_read(&l, bad_texts[i].text, "f", 1, error, sizeof error));
        lesson_free(&l);
        if (strncmp(error, bad_texts[i].error, strlen(bad_texts[i].error)) != 0 ||
            strchr(error, '\n'))
            fail_msg("case %zu: '%s', not '%s'", i, error, bad_texts[i].error);
    }
}

static void a_variable_is_a_path(void **state)
{
    static const char text[] =
        HEAD TAIL VARY "p = /a, /b /c, /d\n" PLAIN "paths = {p}\n[side:b]\nserver = poll\n";
    static const char *const paths[] = {"/a", "/b /c", "/d"};
    struct lesson l;
    char error[400] = "";
    (void)state;
    if (!lesson_read(&l, text, "f", 1, error, sizeof error))
        fail_msg("%s", error);
    assert_string_equal(l.sides[0].paths.text, paths[l.choice]);
    lesson_free(&l);
}

/* Two sides, of which the second makes `factors` times the rate of the first. */
static struct lesson_windows windows_of(struct lesson_sample *at, const double *factors,
                                        size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        at[2 * i].value[LESSON_RATE] = 100 * (double)(i + 1); /* a machine that speeds up */
        at[2 * i + 1].value[LESSON_RATE] = factors[i] * 100 * (double)(i + 1);
    }
    return (struct lesson_windows){.at = at, .rounds = rounds, .sides = 2};
}

static const struct lesson_expression ratio = {
    .over = {LESSON_RATE, 1}, .under = {LESSON_RATE, 0}, .ratio = true};

static void a_ratio_is_of_one_round(void **state)
{
    static const double factors[] = {0.5, 0.5, 0.5, 0.5, 40, 0.5, 0.5, 0.5, 0.5};
    struct lesson_sample at[18];
    (void)state;
    struct lesson_windows w = windows_of(at, factors, 9);
    struct lesson_value v = lesson_value(&w, &ratio);
    assert_true(v.middle == 0.5 && v.low == 0.5 && v.high == 0.5 && v.rounds == 9);
    struct lesson_expression alone = {.over = {LESSON_RATE, 0}};
    v = lesson_value(&w, &alone);
    assert_true(v.middle == 500 && v.low == 200 && v.high == 800);
    at[0].value[LESSON_RATE] = NAN;
    v = lesson_value(&w, &ratio);
    assert_int_equal(v.rounds, 8);
}

static void claims_are_judged(void **state)
{
    const struct lesson_value v = {.middle = 0.5, .low = 0.4, .high = 0.6, .rounds = 9};
    const struct lesson_value few = {.middle = 0.5, .low = 0.4, .high = 0.6, .rounds = 5};
    const struct lesson_value none = {.middle = NAN, .low = NAN, .high = NAN};
    struct lesson_claim c = {.below = true, .bound = 0.7};
    (void)state;
    assert_int_equal(lesson_judge(&c, &v), LESSON_HOLDS);
    assert_int_equal(lesson_judge(&c, &few), LESSON_OPEN);
    assert_int_equal(lesson_judge(&c, &none), LESSON_OPEN);
    c.bound = 0.5;
    assert_int_equal(lesson_judge(&c, &v), LESSON_OPEN);
    c.bound = 0.3;
    assert_int_equal(lesson_judge(&c, &v), LESSON_CONTRADICTED);
    c.below = false;
    assert_int_equal(lesson_judge(&c, &v), LESSON_HOLDS);
    c.bound = 0.7;
    assert_int_equal(lesson_judge(&c, &v), LESSON_CONTRADICTED);
}

static void predictions_are_graded(void **state)
{
    const struct lesson_value v = {.middle = 0.5, .low = 0.4, .high = 0.6, .rounds = 9};
    const struct lesson_value narrow = {.middle = 0.9, .low = 0.89, .high = 0.91, .rounds = 9};
    const struct lesson_value wide = {.middle = 0.5, .low = 0.2, .high = 0.9, .rounds = 9};
    const struct lesson_value few = {.middle = 0.5, .low = 0.5, .high = 0.5, .rounds = 5};
    const struct {
        double prediction;
        const struct lesson_value *v;
        bool ratio;
        enum lesson_mark mark;
    } cases[] = {
        {0.41, &v, true, LESSON_FULL},
        {0.45, &v, true, LESSON_FULL},
        {0.61, &v, true, LESSON_FULL},
        {0.39, &v, true, LESSON_PARTLY},
        {0.26, &v, true, LESSON_PARTLY},
        {0.2, &v, true, LESSON_FAR},
        {0, &v, true, LESSON_FAR},
        {1.5, &v, true, LESSON_REVERSE},
        {1.5, &v, false, LESSON_FAR},
        {1, &v, true, LESSON_PARTLY},
        {1.05, &narrow, true, LESSON_FULL},
        {1.3, &narrow, true, LESSON_REVERSE},
        {1.3, &narrow, false, LESSON_PARTLY},
        {0.5, &wide, true, LESSON_UNTOLD},
        {0.5, &few, true, LESSON_UNTOLD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum lesson_mark mark =
            lesson_mark(cases[i].prediction, cases[i].v, 25, cases[i].ratio);
        if (mark != cases[i].mark)
            fail_msg("case %zu: %s", i, lesson_mark_names[mark]);
    }
    assert_int_equal(lesson_points(LESSON_FULL), LESSON_POINTS);
    assert_int_equal(lesson_points(LESSON_PARTLY), LESSON_POINTS / 2);
    assert_int_equal(lesson_points(LESSON_REVERSE) + lesson_points(LESSON_FAR), 0);
}

static unsigned bad_files;

static void bad_file(const char *why)
{
    assert_non_null(strstr(why, "bad.json: not a file of results"));
    bad_files++;
}

static json_t *result(int lesson, double prediction)
{
    return json_pack("{s:i, s:s, s:s, s:f, s:f, s:f, s:f, s:i, s:s}", "lesson", lesson, "name",
                     "mine", "unit", "ms", "prediction", prediction, "measured", 2.0, "low",
                     1.5, "high", 2.5, "near_percent", 25, "mark", "partial");
}

static void add(const char *dir, const char *who, int lesson, double prediction)
{
    char error[400] = "";
    json_t *json = result(lesson, prediction);
    if (!class_add(dir, who, json, error, sizeof error))
        fail_msg("%s", error);
    json_decref(json);
}

static void a_group_is_kept(void **state)
{
    char top[200], error[400];
    struct class_list list;
    (void)state;
    unit_temporary(top, sizeof top);
    assert_non_null(mkdtemp(top));
    char *dir = text_format("%s/class", top);
    char *bad = text_format("%s/bad.json", dir);
    add(dir, "bert", 2, 7);
    add(dir, "anna", 2, 3);
    add(dir, "anna", 1, 4);
    add(dir, "anna", 2, 5); /* in the place of 3 */
    text_write_file(bad, "{\"participant\": \"x\"}");
    assert_true(class_read(&list, dir, bad_file, error, sizeof error));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.bad, 1);
    assert_int_equal(bad_files, 1);
    assert_string_equal(list.at[0].who, "anna");
    assert_int_equal(list.at[0].lesson, 1);
    assert_string_equal(list.at[1].who, "anna");
    assert_true(list.at[1].prediction == 5 && list.at[1].low == 1.5);
    assert_int_equal(list.at[1].mark, LESSON_PARTLY);
    assert_string_equal(list.at[2].who, "bert");
    class_free(&list);

    /* What is no file of results is not written over. */
    json_t *json = result(1, 1);
    assert_false(class_add(dir, "bad", json, error, sizeof error));
    assert_non_null(strstr(error, "bad.json: not a file of results"));
    assert_false(class_add("/nonexistent/class", "anna", json, error, sizeof error));
    assert_non_null(strstr(error, "/nonexistent/class"));
    json_decref(json);
    assert_false(class_read(&list, "/nonexistent", bad_file, error, sizeof error));
    for (const char *const *name = (const char *const[]){"anna", "bert", "bad", NULL}; *name;
         name++) {
        char *path = text_format("%s/%s.json", dir, *name);
        assert_int_equal(unlink(path), 0);
        free(path);
    }
    assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
    assert_int_equal(rmdir(top), 0);
    free(bad);
    free(dir);
}

static const char *expected;

static void other_file(const char *why)
{
    if (!strstr(why, expected))
        fail_msg("'%s', not '%s'", why, expected);
    bad_files++;
}

/* What such a file says is shown on a terminal, and drawn. */
static void files_of_others_are_not_trusted(void **state)
{
#define REST                                                                                   \
    "\"lesson\": 1, \"prediction\": 1, \"measured\": 1, \"low\": 1, \"high\": 1, "             \
    "\"near_percent\": 25, \"mark\": \"full\"}]}"
    static const struct {
        const char *file, *text, *why; /* NULL: a good one */
    } cases[] = {
        {"anna", "{\"participant\": \"anna\", \"lessons\": [{\"name\": \"a\", " REST, NULL},
        {"anna", "{\"participant\": \"bert\", \"lessons\": [{\"name\": \"a\", " REST,
         "anna.json: not a file of results of anna"},
        {"a\tb", "{\"participant\": \"a\\tb\", \"lessons\": [{\"name\": \"a\", " REST,
         "a file has a name that is none of a participant"},
        {"\033[2J", "{\"participant\": \"\\u001b[2J\", \"lessons\": [{\"name\": \"a\", " REST,
         "a file has a name that is none of a participant"},
        {"anna", "{\"participant\": \"anna\", \"lessons\": [{\"name\": \"a\\nb\", " REST,
         "anna.json: not a file of results of anna"},
        {"anna", "{\"participant\": \"anna\", \"lessons\": [{\"name\": \"\\u001b[2J\", " REST,
         "anna.json: not a file of results of anna"},
        {"anna",
         "{\"participant\": \"anna\", \"lessons\": [{\"name\": \"a\", \"unit\": \"\\n\", " REST,
         "anna.json: not a file of results of anna"},
    };
    char dir[200], error[400];
    (void)state;
    unit_temporary(dir, sizeof dir);
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct class_list list;
        char *path = text_format("%s/%s.json", dir, cases[i].file);
        text_write_file(path, cases[i].text);
        expected = cases[i].why ? cases[i].why : "nothing";
        bad_files = 0;
        assert_true(class_read(&list, dir, other_file, error, sizeof error));
        assert_int_equal(list.count, cases[i].why ? 0 : 1);
        assert_int_equal(bad_files, cases[i].why ? 1 : 0);
        class_free(&list);
        assert_int_equal(unlink(path), 0);
        free(path);
    }
    assert_int_equal(rmdir(dir), 0);
    assert_true(class_name_is_good("anna.b"));
    assert_false(class_name_is_good(".anna"));
    assert_false(class_name_is_good("an/na"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_file),
        cmocka_unit_test(the_seed_varies_the_question),
        cmocka_unit_test(known_lessons_are_right),
        cmocka_unit_test(bad_files_are_told_by_line),
        cmocka_unit_test(a_variable_is_a_path),
        cmocka_unit_test(a_ratio_is_of_one_round),
        cmocka_unit_test(claims_are_judged),
        cmocka_unit_test(predictions_are_graded),
        cmocka_unit_test(a_group_is_kept),
        cmocka_unit_test(files_of_others_are_not_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
