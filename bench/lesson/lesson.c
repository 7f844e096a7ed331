#include "bench/lesson/lesson.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/ini_keys.h"
#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "bench/lesson/expression.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/random.h"

static bool set_text(struct ini_reader *r, void *slot, const char *value)
{
    struct lesson_text *t = slot;
    if (t->line == 0)
        t->line = r->place.line;
    return ini_text(r, &t->text, value);
}

static bool add_text(struct ini_reader *r, void *slot, const char *value)
{
    struct lesson_texts *list = slot;
    if (!r->place.goes_on) {
        list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
        list->at[list->count++] = (struct lesson_text){.line = r->place.line};
    }
    return ini_text(r, &list->at[list->count - 1].text, value);
}

bool lesson_name_is_good(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool set_name(struct ini_reader *r, void *slot, const char *value)
{
    if (!lesson_name_is_good(value))
        return ini_bad(r, "name = '%s' is not made of a-z, 0-9 and '-'", value);
    return ini_text(r, slot, value);
}

/* One key of [vary]: a name, and its values by commas. */
static bool add_value(void *arg, const char *value)
{
    struct lesson_variable *v = arg;
    if (v->count == LESSON_VALUES || !*value)
        return false;
    v->values[v->count++] = xstrdup(value);
    return true;
}

static bool set_variable(struct ini_reader *r, void *slot, const char *value)
{
    struct lesson *l = slot;
    if (strspn(r->name, "abcdefghijklmnopqrstuvwxyz_") != strlen(r->name))
        return ini_bad(r, "'%s' is no name of a-z and '_'", r->name);
    if (l->variable_count == LESSON_VARIABLES)
        return ini_bad(r, "more than %d variables", LESSON_VARIABLES);
    struct lesson_variable *v = &l->variables[l->variable_count++];
    *v = (struct lesson_variable){.name = xstrdup(r->name), .line = r->place.line};
    return ini_items(value, add_value, v) ||
           ini_bad(r, "%s = '%s' is not a list of at most %d values", r->name, value,
                   LESSON_VALUES);
}

static void *side_of(struct ini_reader *r)
{
    struct lesson *l = r->into;
    const char *name = strchr(r->section, ':') + 1;
    for (size_t i = 0; i < l->side_count; i++)
        if (strcmp(l->sides[i].name, name) == 0)
            return &l->sides[i];
    if (l->side_count == LESSON_SIDES) {
        ini_bad(r, "more than %d [side:...] sections", LESSON_SIDES);
        return NULL;
    }
    l->sides[l->side_count] = (struct lesson_side){.name = xstrdup(name)};
    return &l->sides[l->side_count++];
}

#define IN(member)           .at = offsetof(struct lesson, member)
#define OF_SIDE(member)      .at = offsetof(struct lesson_side, member)
#define FROM_TO(least, most) .low = (least), .high = (most)

/* clang-format off */
static const struct ini_key keys[] = {
    {"lesson", "number", ini_number, IN(number), FROM_TO(1, 99)},
    {"lesson", "name", set_name, IN(name)},
    {"lesson", "title", ini_text, IN(title)},
    {"lesson", "page", add_text, IN(page), .goes_on = true, .repeats = true},
    {"lesson", "read", add_text, IN(read), .goes_on = true, .repeats = true},
    {"lesson", "question", set_text, IN(question), .goes_on = true},
    {"lesson", "answer", set_text, IN(answer)},
    {"lesson", "near", ini_number, IN(near), FROM_TO(1, 100)},
    {"lesson", "rounds", ini_number, IN(rounds), FROM_TO(6, 100)},
    {"lesson", "window", ini_time, IN(window_ns), FROM_TO(10 * NS_PER_MS, 60 * NS_PER_S)},
    {"lesson", "explain", add_text, IN(explain), .goes_on = true, .repeats = true},
    {"lesson", "claim", add_text, IN(claim), .goes_on = true, .repeats = true},
    {"vary", NULL, set_variable, .at = 0},
    {"side:", "server", set_text, OF_SIDE(server)},
    {"side:", "load", set_text, OF_SIDE(load)},
    {"side:", "paths", set_text, OF_SIDE(paths)},
};
/* clang-format on */

static const struct ini_format format = {
    .keys = keys,
    .count = sizeof keys / sizeof keys[0],
    .sections = "[lesson], [vary], [side:NAME]",
    .part = side_of,
};

/* What is wrong with the lesson that is read, and where. */
struct checking {
    const struct lesson *l;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 3, 4))) static bool wrong(const struct checking *c, int line,
                                                        const char *message, ...)
{
    va_list args;
    int n = snprintf(c->error, c->error_size, "%s:%d: ", c->l->file, line);
    va_start(args, message);
    if (n > 0 && (size_t)n < c->error_size)
        vsnprintf(c->error + n, c->error_size - (size_t)n, message, args);
    va_end(args);
    return false;
}

/* Put the variables' values into a text. */
static bool vary_text(const struct checking *c, struct lesson_text *t)
{
    struct placeholder list[LESSON_VARIABLES];
    char why[200];
    for (size_t i = 0; i < c->l->variable_count; i++)
        list[i] = (struct placeholder){.name = c->l->variables[i].name,
                                       .value = c->l->variables[i].values[c->l->choice]};
    if (!t->text)
        return true;
    char *put = placeholders_expand(t->text, list, c->l->variable_count, true, why, sizeof why);
    if (!put)
        return wrong(c, t->line, "%s", why);
    free(t->text);
    t->text = put;
    return true;
}

static bool vary_texts(const struct checking *c, struct lesson_texts *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!vary_text(c, &list->at[i]))
            return false;
    return true;
}

static bool vary(const struct checking *c, struct lesson *l)
{
    bool good = vary_texts(c, &l->page) && vary_texts(c, &l->read) &&
                vary_text(c, &l->question) && vary_text(c, &l->answer) &&
                vary_texts(c, &l->explain) && vary_texts(c, &l->claim);
    for (size_t i = 0; i < l->side_count && good; i++)
        good = vary_text(c, &l->sides[i].server) && vary_text(c, &l->sides[i].load) &&
               vary_text(c, &l->sides[i].paths);
    return good;
}

static bool check_explanation(const struct checking *c)
{
    const struct lesson *l = c->l;
    char why[200];
    for (size_t i = 0; i < l->explain.count; i++) {
        const char *at = l->explain.at[i].text;
        struct lesson_piece before;
        struct lesson_expression e;
        int found;
        while ((found = lesson_next_figure(&at, l, &before, &e, why, sizeof why)) > 0)
            continue;
        if (found < 0)
            return wrong(c, l->explain.at[i].line, "%s", why);
    }
    for (size_t i = 0; i < l->claim.count; i++) {
        struct lesson_claim claim;
        if (!lesson_claim_parse(&claim, l, l->claim.at[i].text, why, sizeof why))
            return wrong(c, l->claim.at[i].line, "claim: %s", why);
    }
    return true;
}

static bool check_words(const struct checking *c, const struct lesson_text *t, size_t most,
                        bool paths)
{
    char why[200];
    const char *other = NULL;
    size_t n = 0;
    if (!t->text)
        return true;
    char **words = words_split(t->text, why, sizeof why);
    if (!words)
        return wrong(c, t->line, "%s", why);
    for (; words[n]; n++)
        if (paths && !other && words[n][0] != '/')
            other = words[n];
    bool good = n > most ? wrong(c, t->line, "%zu words, and %zu at most are taken", n, most)
                : other  ? wrong(c, t->line, "paths begin with '/', and not '%s'", other)
                         : true;
    words_free(words);
    return good;
}

/* Of texts in which the variables have their values, for a value can be of several words. */
static bool check_sides(const struct checking *c)
{
    const struct lesson *l = c->l;
    if (l->side_count == 0)
        return wrong(c, 1, "there is no [side:NAME]");
    for (size_t i = 0; i < l->side_count; i++) {
        const struct lesson_side *s = &l->sides[i];
        if (!s->server.text)
            return wrong(c, 1, "[side:%s] has no server", s->name);
        if (!check_words(c, &s->server, LESSON_WORDS, false) ||
            !check_words(c, &s->load, LESSON_WORDS, false) ||
            !check_words(c, &s->paths, LESSON_PATHS, true))
            return false;
    }
    return true;
}

/* Every key that a lesson cannot be without. */
static bool check_keys(const struct checking *c)
{
    const struct lesson *l = c->l;
    const struct {
        const char *name;
        bool there;
    } needed[] = {
        {"number", l->number > 0},     {"name", l->name},
        {"title", l->title},           {"page", l->page.count > 0},
        {"read", l->read.count > 0},   {"question", l->question.text},
        {"answer", l->answer.text},    {"explain", l->explain.count > 0},
        {"claim", l->claim.count > 0},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!needed[i].there)
            return wrong(c, 1, "[lesson] has no %s", needed[i].name);
    for (size_t i = 1; i < l->variable_count; i++)
        if (l->variables[i].count != l->variables[0].count)
            return wrong(c, l->variables[i].line, "%s has %zu values and %s has %zu",
                         l->variables[i].name, l->variables[i].count, l->variables[0].name,
                         l->variables[0].count);
    return true;
}

static bool check(const struct checking *c)
{
    const struct lesson *l = c->l;
    struct lesson_expression answer;
    char why[200];
    if (!lesson_expression_parse(&answer, l, l->answer.text, why, sizeof why))
        return wrong(c, l->answer.line, "answer: %s", why);
    return check_explanation(c);
}

/* The lesson with its variables at the place `choice`. */
static bool make(struct lesson *l, const char *text, const char *file, size_t choice,
                 char *error, size_t error_size)
{
    struct checking c = {.l = l, .error = error, .error_size = error_size};
    *l = (struct lesson){.file = xstrdup(file),
                         .near = 25,
                         .rounds = 9,
                         .window_ns = 400 * NS_PER_MS,
                         .choice = choice};
    return ini_read(&format, file, text, l, error, error_size) && check_keys(&c) &&
           vary(&c, l) && check_sides(&c) && check(&c);
}

bool lesson_read(struct lesson *l, const char *text, const char *file, uint64_t seed,
                 char *error, size_t error_size)
{
    if (!make(l, text, file, 0, error, error_size))
        return false;
    bool good = true;
    size_t choices = l->variable_count > 0 ? l->variables[0].count : 1;
    uint64_t random = random_stream(seed, l->number);
    size_t picked = (size_t)(random_next(&random) % choices);
    for (size_t i = 1; i < choices && good; i++) {
        lesson_free(l);
        good = make(l, text, file, i, error, error_size);
    }
    if (good && picked != l->choice) {
        lesson_free(l);
        good = make(l, text, file, picked, error, error_size);
    }
    return good;
}

static void free_texts(struct lesson_texts *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->at[i].text);
    free(list->at);
}

void lesson_free(struct lesson *l)
{
    free_texts(&l->page);
    free_texts(&l->read);
    free_texts(&l->explain);
    free_texts(&l->claim);
    free(l->question.text);
    free(l->answer.text);
    for (size_t i = 0; i < l->side_count; i++) {
        free(l->sides[i].name);
        free(l->sides[i].server.text);
        free(l->sides[i].load.text);
        free(l->sides[i].paths.text);
    }
    for (size_t i = 0; i < l->variable_count; i++) {
        free(l->variables[i].name);
        for (size_t k = 0; k < l->variables[i].count; k++)
            free(l->variables[i].values[k]);
    }
    free(l->file);
    free(l->name);
    free(l->title);
    *l = (struct lesson){0};
}
