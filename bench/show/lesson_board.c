#include "bench/show/lesson_board.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "bench/show/html.h"
#include "bench/show/workshop.h"
#include "common/err.h"

/* What lies further from the measurement is drawn at the edge. */
static const double edge = 32;

/* As gnuplot reads it, which does not know "nan". */
static void put_number(FILE *f, double value)
{
    if (isnan(value))
        fputs("\tNaN", f);
    else
        fprintf(f, "\t%.9g", fmin(fmax(value, 1 / edge), edge));
}

/* How many results the lesson of result `first` has. */
static size_t of_lesson(const struct class_list *list, size_t first)
{
    size_t n = 0;
    while (first + n < list->count && list->at[first + n].lesson == list->at[first].lesson)
        n++;
    return n;
}

/* A line a result: lesson, its place on the axis, the result's own place beside it, prediction and
 * both ends of the interval as multiples of the middle, mark, participant. */
static void put_results(FILE *f, const struct class_list *list)
{
    unsigned place = 1;
    fputs("lesson\tplace\tx\tpredicted\tlow\thigh\tmark\twho\n", f);
    for (size_t first = 0, n; first < list->count; first += n, place++) {
        n = of_lesson(list, first);
        for (size_t i = 0; i < n; i++) {
            const struct class_result *r = &list->at[first + i];
            double x = place - 0.35 + 0.7 * ((double)i + 0.5) / (double)n;
            fprintf(f, "%u %s\t%u\t%.4f", r->lesson, r->lesson_name, place, x);
            put_number(f, r->prediction / r->middle);
            put_number(f, r->low / r->middle);
            put_number(f, r->high / r->middle);
            fprintf(f, "\t%s\t%s\n", lesson_mark_names[r->mark], r->who);
        }
    }
}

/* The results as sentences, escaped for SVG. The caller frees it. */
static char *described(const struct class_list *list)
{
    char *out;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    if (!f)
        die("out of memory");
    for (size_t i = 0; i < list->count; i++) {
        const struct class_result *r = &list->at[i];
        char *line = text_format("Lesson %u, %s: %s predicted %.3g, measured %.3g%s%s: %s. ",
                                 r->lesson, r->lesson_name, r->who, r->prediction, r->middle,
                                 r->unit[0] ? " " : "", r->unit, lesson_mark_names[r->mark]);
        html_text(f, line);
        free(line);
    }
    if (fclose(f) != 0)
        die("out of memory");
    return out;
}

/* Put the description into the picture, in the place of gnuplot's own. */
static bool describe(const char *svg, const struct class_list *list, char *error,
                     size_t error_size)
{
    static const char open[] = "<desc>", close[] = "</desc>";
    char *picture = text_read_file(svg);
    const char *from = picture ? strstr(picture, open) : NULL;
    const char *to = from ? strstr(from, close) : NULL;
    if (to) {
        char *text = described(list);
        char *whole = text_format("%.*s%s%s", (int)(from - picture) + (int)sizeof open - 1,
                                  picture, text, to);
        text_write_file(svg, whole);
        free(whole);
        free(text);
    } else {
        snprintf(error, error_size, "%s has no place for a description", svg);
    }
    free(picture);
    return to != NULL;
}

bool board_draw(const struct class_list *list, const char *scripts, const char *svg,
                char *error, size_t error_size)
{
    struct workshop w;
    if (!workshop_open(&w, "lessons", error, error_size))
        return false;
    put_results(w.f, list);
    char *set = text_format("edge=%.9g", edge);
    bool good = workshop_draw(&w, scripts, set, svg, error, error_size) &&
                describe(svg, list, error, error_size);
    free(set);
    return good;
}
