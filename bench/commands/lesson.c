/* iomodels lesson: read a page, predict a number, measure it, be graded. */
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/commands.h"
#include "bench/commands/lesson_check.h"
#include "bench/lesson/class.h"
#include "bench/lesson/known.h"
#include "bench/show/lesson_board.h"
#include "bench/show/lesson_text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"
#include "common/terminal.h"

/* Seeds that a teacher can write on a board. */
enum { SEEDS = 1000 };

struct lesson_options {
    struct lesson_run run; /* first: lesson_run_rows, paths_rows */
    double prediction;     /* NaN: to be asked for */
    const char *json, *class, *name, *board;
    bool check_all;
};

/* "0.25", "25%", "1,200" */
static bool parse_prediction(const char *text, double *out)
{
    char copy[64], *to = copy, *end;
    for (const char *from = text; *from && to < copy + sizeof copy - 1; from++)
        if (*from != ',')
            *to++ = *from;
    *to = '\0';
    double value = strtod(text_trim(copy), &end);
    if (strcmp(end, "%") == 0) {
        value /= 100;
        end++;
    }
    *out = value;
    return end > copy && !*end && isfinite(value) && value >= 0 && strlen(text) < sizeof copy;
}

static bool set_answer(void *target, const char *value)
{
    return parse_prediction(value, &((struct lesson_options *)target)->prediction);
}

static bool set_seed(void *target, const char *value)
{
    struct lesson_run *run = target;
    run->seeded = true;
    return parse_u64(value, 0, UINT64_MAX, &run->seed);
}

static bool set_name(void *target, const char *value)
{
    ((struct lesson_options *)target)->name = value;
    return class_name_is_good(value);
}

static const struct option_row rows[] = {
    {OPTION_CALL, 0, "answer", "X", "the prediction; without it the terminal is asked",
     .call = set_answer, .expects = "a number from 0 on, as 0.25 or 25%"},
    {OPTION_CALL, 0, "seed", "N", "varies the question (by chance)", .call = set_seed,
     .expects = "a number from 0 to 2^64-1"},
    {OPTION_TEXT, 0, "json", "FILE", "write the result as JSON; - for standard output",
     OPTION_FIELD(struct lesson_options, json)},
    {OPTION_TEXT, 0, "class", "DIR",
     "put the result into the participant's file in DIR, which is made if need be",
     OPTION_FIELD(struct lesson_options, class)},
    {OPTION_CALL, 0, "name", "NAME", "the participant (the login name)", .call = set_name,
     .expects = "a name without space, comma, quote and '/', and with no dot at its beginning"},
    {OPTION_TEXT, 0, "board", "DIR",
     "show what the participants in DIR predicted and measured, and draw it to DIR/board.svg",
     OPTION_FIELD(struct lesson_options, board)},
    {OPTION_FLAG, 0, "check-all", NULL,
     "measure every lesson (or those named), and say whether a measurement contradicts what the "
     "lesson claims",
     OPTION_FIELD(struct lesson_options, check_all)},
    {OPTION_NUMBER, 0, "rounds", "N", "windows of each side (the lesson's own number)",
     OPTION_FIELD(struct lesson_options, run.rounds), .low = 6, .high = 100},
    {OPTION_TIME, 0, "window", "TIME", "the length of a window (the lesson's own)",
     OPTION_FIELD(struct lesson_options, run.window_ns), .low = 10 * NS_PER_MS,
     .high = 60 * NS_PER_S},
    {0},
};

_Static_assert(offsetof(struct lesson_options, run) == 0, "set_seed()");
_Static_assert(offsetof(struct lesson_run, paths) == 0, "paths_rows");

/* Options that say something of a measurement. */
static bool measures(const struct lesson_options *o)
{
    return o->run.seeded || o->run.rounds > 0 || o->run.window_ns > 0 || o->json || o->class ||
           !isnan(o->prediction);
}

static void check_together(const struct lesson_options *o, char **lessons, int count)
{
    if (o->board && (count > 0 || o->check_all || measures(o)))
        die_usage("--board: it shows what was collected, and measures nothing");
    if (o->check_all && (o->json || o->class || !isnan(o->prediction)))
        die_usage("--check-all: there is nobody who predicts");
    if (o->name && !o->class)
        die_usage("--name: it is that of a file of --class DIR");
    if (!o->check_all && count > 1)
        die_usage("one lesson at a time; '%s' is one too many", lessons[1]);
    if (!o->check_all && count == 0 && measures(o))
        die_usage("no lesson is named; 'iomodels lesson' lists those there are");
}

static int parse(struct lesson_options *o, int argc, char **argv)
{
    *o = (struct lesson_options){.prediction = NAN};
    const struct command_line line = {
        .usage = "iomodels lesson [LESSON...] [OPTIONS]\n",
        .about =
            "Ten lessons on I/O models. Each has a page to read and a question whose answer is a "
            "number. You predict it, the program measures it here in a minute or less, grades "
            "the prediction, and explains the result from counters. LESSON is a number, a name, "
            "or a file of your own; without one the lessons are listed.",
        .operand = "iterative|processes|pools|busy|select|edges|completions|coroutines|"
                   "open-loop|reading|FILE",
        .notes =
            "Exit status: 0; 1 where the answer of a lesson could not be measured, or --check-all "
            "found a contradiction; 2 the command line is wrong; 130 interrupted. docs/lessons.md "
            "tells more.",
        .tables = {rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    check_together(o, argv + at, argc - at);
    paths_find(&o->run.paths);
    return at;
}

static void draw_seed(struct lesson_run *run)
{
    uint32_t random;
    if (run->seeded)
        return;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        die_errno("cannot draw a seed");
    run->seed = random % SEEDS;
}

static void list_lessons(void)
{
    for (const struct lesson_file *f = lesson_files; f->name; f++) {
        struct lesson l;
        lesson_find(&l, f->name, 0);
        lesson_tell_line(&l);
        lesson_free(&l);
    }
    puts("\niomodels lesson 1 begins the first one.");
}

/* Ask until the answer is a number. */
static double ask(const char *unit)
{
    char *line = NULL;
    size_t size = 0;
    double prediction = NAN;
    for (;;) {
        printf("\nYour prediction%s%s%s: ", unit[0] ? " (" : "", unit, unit[0] ? ")" : "");
        fflush(stdout);
        if (getline(&line, &size, stdin) < 0)
            die_usage("no prediction was made");
        if (parse_prediction(text_trim(line), &prediction))
            break;
        printf("'%s' is not a number such as 0.25, 25%% or 1200.\n", text_trim(line));
    }
    free(line);
    return prediction;
}

static const char *login_name(void)
{
    const struct passwd *user = getpwuid(getuid());
    const char *name = user ? user->pw_name : getenv("USER");
    if (!name || !class_name_is_good(name))
        die_usage("--class: you have no login name here; --name NAME gives one");
    return name;
}

/* Opened before the measurement, so that a file that cannot be written is told before it. NULL
 * where none is wanted. */
static FILE *open_json(const char *path)
{
    FILE *f = !path ? NULL : strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (path && !f)
        die_errno("cannot write %s", path);
    return f;
}

static void write_json(const json_t *json, FILE *f, const char *path)
{
    json_dumpf(json, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    fputc('\n', f);
    if (f != stdout && !text_close(f))
        die_errno("cannot write %s", path);
}

/* Grade, explain, and keep. False where it could not be kept. */
static bool finish(const struct lesson_options *o, const struct lesson_result_of *r,
                   const struct lesson_servers *servers, FILE *to)
{
    char error[600];
    bool good = true;
    json_t *json = lesson_result_json(r);
    if (to != stdout) {
        lesson_tell_mark(r);
        lesson_tell_explanation(r->lesson, servers, r->measured);
    }
    if (o->class && !class_add(o->class, o->name, json, error, sizeof error)) {
        warn("%s", error);
        good = false;
    }
    if (to)
        write_json(json, to, o->json);
    json_decref(json);
    return good;
}

static int hold(struct lesson_options *o, const struct lesson *l,
                const struct lesson_servers *servers, const struct lesson_expression *answer)
{
    struct lesson_measured m;
    struct lesson_result_of r = {.lesson = l,
                                 .measured = &m,
                                 .seed = o->run.seed,
                                 .prediction = o->prediction,
                                 .answer = *answer};
    FILE *json = open_json(o->json);
    if (json != stdout)
        lesson_tell_page(l, o->run.seed);
    if (isnan(r.prediction))
        r.prediction = ask(lesson_unit(answer));
    bool good = lesson_run_measure(&m, l, servers, &o->run);
    if (good) {
        r.value = lesson_value(&m.windows, answer);
        r.mark = lesson_mark(r.prediction, &r.value, l->near, answer->ratio);
        good = finish(o, &r, servers, json);
    } else {
        if (!m.interrupted)
            warn("lesson %u could not be measured: %s", l->number, m.reason);
        if (json && json != stdout)
            fclose(json);
    }
    int status = m.interrupted ? 130 : good ? 0 : 1;
    lesson_measured_free(&m);
    return status;
}

/* All that can go wrong before the measurement is told before the page. */
static int one_lesson(struct lesson_options *o, const char *name)
{
    struct lesson l;
    struct lesson_servers servers;
    struct lesson_expression answer;
    char why[200];
    draw_seed(&o->run);
    lesson_find(&l, name, o->run.seed);
    if (isnan(o->prediction) && !isatty(STDIN_FILENO))
        die_usage("standard input is no terminal that could be asked: --answer X predicts");
    if (o->class && !o->name)
        o->name = login_name();
    if (!lesson_expression_parse(&answer, &l, l.answer.text, why, sizeof why))
        die("%s:%d: answer: %s", l.file, l.answer.line, why);
    lesson_run_find(&servers, &l, &o->run);
    const char *missing = lesson_missing(&servers, &answer);
    if (missing)
        warn("lesson %u cannot be measured here: %s", l.number, missing);
    int status = missing ? 1 : hold(o, &l, &servers, &answer);
    lesson_servers_free(&servers);
    lesson_free(&l);
    return status;
}

static void bad_file(const char *why)
{
    warn("%s", why);
}

static int show_board(const struct lesson_options *o)
{
    struct class_list list;
    char error[600];
    if (!class_read(&list, o->board, bad_file, error, sizeof error))
        die("%s", error);
    bool good = list.bad == 0;
    if (list.count == 0) {
        warn("%s has no results", o->board);
        good = false;
    } else {
        lesson_tell_board(&list);
        fflush(stdout);
        char *svg = text_format("%s/board.svg", o->board);
        if (!board_draw(&list, o->run.paths.scripts, svg, error, sizeof error)) {
            warn("no picture: %s", error);
            good = false;
        }
        free(svg);
    }
    class_free(&list);
    return good ? 0 : 1;
}

int command_lesson(int argc, char **argv)
{
    struct lesson_options o;
    int at = parse(&o, argc, argv);
    if (o.board)
        return show_board(&o);
    if (at == argc && !o.check_all) {
        list_lessons();
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!o.check_all)
        return one_lesson(&o, argv[at]);
    draw_seed(&o.run);
    return lesson_check(&o.run, argv + at, (size_t)(argc - at));
}
