#include "bench/check/case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/case_files.h"
#include "bench/check/step.h"
#include "common/err.h"
#include "common/parse.h"

const char *const case_level_names[CASE_LEVELS + 2] = {
    "",
    "answers",
    "two clients at once",
    "half-close and resets",
    "partial reads and writes",
    "no descriptors left",
    "keep-alive and pipelining",
    "hostile requests",
    "idle timeout and drain",
    "speed beside a model",
};

/* One text that is read, line by line. */
struct reading {
    struct case_list *list;
    struct check_case *c; /* the one that is read; NULL before the first */
    const char *file;
    unsigned line;
    size_t source_size;
    bool in_steps;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct reading *r, const char *format,
                                                        ...)
{
    va_list args;
    int n = snprintf(r->error, r->error_size, "%s:%u: ", r->file, r->line);
    va_start(args, format);
    if (n > 0 && (size_t)n < r->error_size)
        vsnprintf(r->error + n, r->error_size - (size_t)n, format, args);
    va_end(args);
    return false;
}

static bool begin_case(struct reading *r, const char *name)
{
    struct case_list *l = r->list;
    if (case_find(l, name))
        return wrong(r, "there is a case '%s' already", name);
    l->at = xrealloc(l->at, (l->count + 1) * sizeof *l->at);
    r->c = &l->at[l->count++];
    *r->c = (struct check_case){
        .name = xstrdup(name), .points = 1, .clients = 1, .source = xstrdup("")};
    r->in_steps = false;
    return true;
}

static bool set_number(struct reading *r, unsigned *out, const char *word, const char *value,
                       unsigned low, unsigned high)
{
    uint64_t number;
    if (!parse_u64(value, low, high, &number))
        return wrong(r, "%s '%s' is not a number from %u to %u", word, value, low, high);
    *out = (unsigned)number;
    return true;
}

static bool set_text(char **out, const char *value)
{
    free(*out);
    *out = xstrdup(value);
    return true;
}

static bool read_header(struct reading *r, const char *word, const char *value)
{
    struct check_case *c = r->c;
    if (strcmp(word, "title") == 0)
        return set_text(&c->title, value);
    if (strcmp(word, "hint") == 0)
        return set_text(&c->hint, value);
    if (strcmp(word, "needs") == 0)
        return set_text(&c->needs, value);
    if (strcmp(word, "level") == 0)
        return set_number(r, &c->level, word, value, 1, CASE_LEVELS);
    if (strcmp(word, "points") == 0)
        return set_number(r, &c->points, word, value, 1, 100);
    if (strcmp(word, "clients") == 0)
        return set_number(r, &c->clients, word, value, 1, 10000);
    if (strcmp(word, "nofile") == 0)
        return set_number(r, &c->nofile, word, value, 8, 1000000);
    if (strcmp(word, "service") == 0)
        return protocol_parse(value, &c->service) || wrong(r, "'%s' is no service", value);
    if (strcmp(word, "alone") == 0 && !*value)
        return c->alone = true;
    if (strcmp(word, "idle") == 0 && !*value)
        return c->idle = true;
    if (strcmp(word, "do") == 0 && !*value)
        return r->in_steps = true;
    return wrong(r, "unknown word '%s' before the steps of a case", word);
}

static bool add_step(struct reading *r, char *line)
{
    struct check_case *c = r->c;
    struct step s = {.line = r->line, .text = xstrdup(line)};
    char why[300];
    if (!step_parse(&s, line, why, sizeof why)) {
        step_free(&s);
        return wrong(r, "%s", why);
    }
    c->steps = xrealloc(c->steps, (c->step_count + 1) * sizeof *c->steps);
    c->steps[c->step_count++] = s;
    return true;
}

/* A case that ends here must be whole. */
static bool end_case(struct reading *r)
{
    const struct check_case *c = r->c;
    if (!c)
        return true;
    if (!c->title || c->level == 0)
        return wrong(r, "case %s has no %s", c->name, c->title ? "level" : "title");
    if (c->step_count == 0)
        return wrong(r, "case %s has no steps", c->name);
    bool inside = false;
    for (size_t i = 0; i < c->step_count; i++) {
        enum verb v = c->steps[i].verb;
        if ((v == VERB_REPEAT && inside) || (v == VERB_DONE && !inside))
            return wrong(r, "case %s: '%s' at a wrong place", c->name, c->steps[i].text);
        inside = v == VERB_REPEAT || (inside && v != VERB_DONE);
    }
    return !inside || wrong(r, "case %s: a repeat has no done", c->name);
}

static void keep_source(struct check_case *c, const char *line)
{
    char *longer = text_format("%s%s\n", c->source, line);
    free(c->source);
    c->source = longer;
}

static bool read_line(struct reading *r, char *line)
{
    char *text = text_trim(line);
    if (*text == '#' || *text == '\0')
        return true;
    char *copy = xstrdup(text);
    char *value = copy;
    char *word = strsep(&value, " \t");
    value = value ? text_trim(value) : copy + strlen(copy);
    bool good;
    if (strcmp(word, "case") == 0) {
        good =
            (*value && !strpbrk(value, " \t/")) || wrong(r, "a case needs a name of one word");
        good = good && end_case(r) && begin_case(r, value);
    } else if (!r->c) {
        good = wrong(r, "'%s' before the first case", word);
    } else {
        good = r->in_steps ? add_step(r, text) : read_header(r, word, value);
    }
    if (good)
        keep_source(r->c, text);
    free(copy);
    return good;
}

bool case_list_add(struct case_list *list, const char *text, const char *file, char *error,
                   size_t error_size)
{
    struct reading r = {.list = list, .file = file, .error = error, .error_size = error_size};
    char *copy = xstrdup(text), *rest = copy, *line;
    bool good = true;
    while (good && (line = strsep(&rest, "\n"))) {
        r.line++;
        good = read_line(&r, line);
    }
    good = good && (r.c || wrong(&r, "there is no case")) && end_case(&r);
    free(copy);
    return good;
}

void case_list_known(struct case_list *list)
{
    static const struct {
        const char *text, *file;
    } files[] = {
        {level1_case, "level1.case"}, {level2_case, "level2.case"},
        {level3_case, "level3.case"}, {level4_case, "level4.case"},
        {level5_case, "level5.case"}, {level6_case, "level6.case"},
        {level7_case, "level7.case"}, {level8_case, "level8.case"},
    };
    char error[600];
    *list = (struct case_list){0};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!case_list_add(list, files[i].text, files[i].file, error, sizeof error))
            die("%s", error);
}

const struct check_case *case_find(const struct case_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i].name, name) == 0)
            return &list->at[i];
    return NULL;
}

void case_list_free(struct case_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct check_case *c = &list->at[i];
        for (size_t k = 0; k < c->step_count; k++)
            step_free(&c->steps[k]);
        free(c->steps);
        free(c->name);
        free(c->title);
        free(c->hint);
        free(c->needs);
        free(c->source);
    }
    free(list->at);
    *list = (struct case_list){0};
}
