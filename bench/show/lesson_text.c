#include "bench/show/lesson_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"

/* Three digits, and no exponent. */
static const char *digits(double value, char out[32])
{
    if (isinf(value))
        snprintf(out, 32, "infinite");
    else if (!(fabs(value) < 999.5) || value == rint(value))
        figure_thousands(value, out);
    else
        snprintf(out, 32, "%.*f",
                 value < 0.0995  ? 4
                 : value < 9.995 ? 2
                                 : value < 99.95,
                 value);
    return out;
}

char *lesson_value_text(const struct lesson_value *v, const char *unit,
                        char out[LESSON_VALUE_TEXT])
{
    char a[32], b[32], c[32];
    if (isnan(v->middle))
        snprintf(out, LESSON_VALUE_TEXT, "n/a");
    else
        snprintf(out, LESSON_VALUE_TEXT, "%s [%s–%s]%s%s", digits(v->middle, a),
                 digits(v->low, b), digits(v->high, c), unit[0] ? " " : "", unit);
    return out;
}

void lesson_tell_line(const struct lesson *l)
{
    printf("%2u  %-12s  %s\n", l->number, l->name, l->title);
}

static void paragraph(const char *text)
{
    putchar('\n');
    command_line_wrap(text, 0, 0);
}

static void tell_side(const struct lesson_side *s)
{
    const char *paths = s->paths.text ? s->paths.text : "/";
    char *text =
        text_format("%s, %s %s", s->server.text, s->load.text ? s->load.text : "-c 1", paths);
    printf("  %-10s ", s->name);
    command_line_wrap(text, 13, 13);
    free(text);
}

void lesson_tell_page(const struct lesson *l, uint64_t seed)
{
    printf("Lesson %u: %s\n", l->number, l->title);
    for (size_t i = 0; i < l->page.count; i++)
        paragraph(l->page.at[i].text);
    puts("\nRead:");
    for (size_t i = 0; i < l->read.count; i++) {
        fputs("  ", stdout);
        command_line_wrap(l->read.at[i].text, 2, 4);
    }
    puts("\nThese sides are measured: a server, and what iomodels-load is told.");
    for (size_t i = 0; i < l->side_count; i++)
        tell_side(&l->sides[i]);
    char *question =
        text_format("Question (seed %llu): %s", (unsigned long long)seed, l->question.text);
    paragraph(question);
    free(question);
}

static const char *mark_says(enum lesson_mark mark)
{
    switch (mark) {
    case LESSON_FULL:
        return "full marks";
    case LESSON_PARTLY:
        return "within a factor of two";
    case LESSON_FAR:
        return "further away than a factor of two";
    case LESSON_REVERSE:
        return "on the wrong side of 1";
    default:
        return "not graded: the measurement tells too little";
    }
}

void lesson_tell_mark(const struct lesson_result_of *r)
{
    char value[LESSON_VALUE_TEXT], predicted[32];
    const char *unit = lesson_unit(&r->answer);
    const struct lesson_measured *m = r->measured;
    printf("\nMeasured:  %s, of %zu rounds in %.0f s\n",
           lesson_value_text(&r->value, unit, value), r->value.rounds, m->seconds);
    printf("Predicted: %s%s%s: %s", digits(r->prediction, predicted), unit[0] ? " " : "", unit,
           mark_says(r->mark));
    if (r->mark == LESSON_UNTOLD)
        putchar('\n');
    else
        printf(", %u of %u points\n", lesson_points(r->mark), LESSON_POINTS);
    printf(
        "Full marks are for a prediction within the interval, or within %u %% of its middle.\n",
        r->lesson->near);
    if (m->doubted > 0)
        printf("The load generator doubts its own figures of %u window%s: %s\n", m->doubted,
               text_s(m->doubted), m->doubt);
}

static void tell_missing(const struct lesson *l, const struct lesson_servers *s)
{
    for (size_t i = 0; i < l->side_count; i++)
        if (s->missing[i])
            printf("\nNot measured: %s: %s\n", l->sides[i].name, s->missing[i]);
}

/* A paragraph with its figures, without intervals. The caller frees it. */
static char *filled(const char *text, const struct lesson *l, const struct lesson_measured *m)
{
    struct lesson_expression e;
    struct lesson_piece before;
    char value[32], why[200];
    char *out = NULL;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    if (!f)
        die("out of memory");
    while (lesson_next_figure(&text, l, &before, &e, why, sizeof why) > 0) {
        struct lesson_value v = lesson_value(&m->windows, &e);
        const char *unit = lesson_unit(&e);
        fprintf(f, "%.*s%s%s%s", (int)before.size, before.from, digits(v.middle, value),
                unit[0] ? " " : "", unit);
    }
    fputs(text, f);
    if (fclose(f) != 0)
        die("out of memory");
    return out;
}

void lesson_tell_explanation(const struct lesson *l, const struct lesson_servers *servers,
                             const struct lesson_measured *m)
{
    puts("\nWhat happened:");
    for (size_t i = 0; i < l->explain.count; i++) {
        char *text = filled(l->explain.at[i].text, l, m);
        paragraph(text);
        free(text);
    }
    tell_missing(l, servers);
    puts("\nWhat the lesson claims, and what was measured with an interval of 95 %:");
    lesson_tell_claims(l, m);
}

unsigned lesson_tell_claims(const struct lesson *l, const struct lesson_measured *m)
{
    unsigned contradicted = 0;
    for (size_t i = 0; i < l->claim.count; i++) {
        const char *text = l->claim.at[i].text;
        struct lesson_claim c;
        char value[LESSON_VALUE_TEXT], why[200];
        if (!lesson_claim_parse(&c, l, text, why, sizeof why))
            die("%s:%d: %s", l->file, l->claim.at[i].line, why);
        struct lesson_value v = lesson_value(&m->windows, &c.of);
        enum lesson_verdict verdict = lesson_judge(&c, &v);
        contradicted += verdict == LESSON_CONTRADICTED;
        printf("  %-13s ", lesson_verdict_names[verdict]);
        char *line =
            text_format("%s (%s)", text, lesson_value_text(&v, lesson_unit(&c.of), value));
        command_line_wrap(line, 16, 16);
        free(line);
    }
    return contradicted;
}

static void tell_participant(const struct class_list *list, const char *who)
{
    unsigned points = 0, of = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct class_result *r = &list->at[i];
        if (strcmp(r->who, who) != 0 || r->mark == LESSON_UNTOLD)
            continue;
        points += lesson_points(r->mark);
        of += LESSON_POINTS;
    }
    printf("  %-16s %3u of %3u points\n", who, points, of);
}

/* Whether somebody earlier in the list has the name. */
static bool is_told(const struct class_list *list, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(list->at[i].who, list->at[at].who) == 0)
            return true;
    return false;
}

void lesson_tell_board(const struct class_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct class_result *r = &list->at[i];
        struct lesson_value v = {r->middle, r->low, r->high, 1};
        char value[LESSON_VALUE_TEXT], predicted[32];
        if (i == 0 || r->lesson != r[-1].lesson)
            printf("%sLesson %u, %s\n", i > 0 ? "\n" : "", r->lesson, r->lesson_name);
        printf("  %-16s predicted %-8s measured %-32s %s\n", r->who,
               digits(r->prediction, predicted), lesson_value_text(&v, r->unit, value),
               lesson_mark_names[r->mark]);
    }
    puts("\nPoints");
    for (size_t i = 0; i < list->count; i++)
        if (!is_told(list, i))
            tell_participant(list, list->at[i].who);
}
