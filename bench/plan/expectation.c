#include "bench/plan/expectation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/name.h"
#include "bench/base/text.h"
#include "common/err.h"
#include "common/parse.h"

static const char *const forms[] = {"ratio", "value", "within", "saturates"};

/* A reading under way. */
struct reading {
    const char *text; /* all of it */
    const char *at;   /* the next byte */
    char *error;
    size_t error_size;
};

/* Bytes of `text`, at most `most`, without part of a character at their end. */
static int shown(const char *text, size_t most)
{
    size_t n = strnlen(text, most);
    while (n > 0 && (text[n] & 0xC0) == 0x80)
        n--;
    return (int)n;
}

/* Refuse the text: `wanted` should come next. Returns false. */
static bool lacks(const struct reading *r, const char *wanted)
{
    const char *rest = r->at + strspn(r->at, " \t");
    char *place =
        *rest ? text_format("before '%.*s'", shown(rest, 60), rest) : xstrdup("at its end");
    snprintf(r->error, r->error_size, "expect = '%.*s': %s is missing %s", shown(r->text, 160),
             r->text, wanted, place);
    free(place);
    return false;
}

static void skip_blanks(struct reading *r)
{
    r->at += strspn(r->at, " \t");
}

/* Take `word`, where it comes next. */
static bool took(struct reading *r, const char *word)
{
    skip_blanks(r);
    size_t n = strlen(word);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static bool take(struct reading *r, const char *word)
{
    char wanted[16];
    snprintf(wanted, sizeof wanted, "'%s'", word);
    return took(r, word) || lacks(r, wanted);
}

/* The next word, up to what can end one; NULL where there is none. The caller frees it. */
static char *word(struct reading *r)
{
    skip_blanks(r);
    size_t n = strcspn(r->at, " \t,/=(){}<>%:");
    if (n == 0)
        return NULL;
    char *found = text_format("%.*s", (int)n, r->at);
    r->at += n;
    return found;
}

static bool add_name(struct reading *r, struct expectation_names *names)
{
    const char *from = r->at;
    char *name = word(r);
    bool good = name && name_is_good(name);
    if (!good) {
        r->at = from;
        free(name);
        return lacks(r, "the name of a model");
    }
    names->at = xrealloc(names->at, (names->count + 1) * sizeof *names->at);
    names->at[names->count++] = name;
    return true;
}

/* MODEL, or {MODEL, MODEL} */
static bool models(struct reading *r, struct expectation_names *names)
{
    if (!took(r, "{"))
        return add_name(r, names);
    do
        if (!add_name(r, names))
            return false;
    while (took(r, ","));
    return take(r, "}");
}

/* [METRIC] MODELS: of two words the first is the metric. */
static bool metric_and_models(struct reading *r, struct expectation *e)
{
    const char *from = r->at;
    char *first = word(r);
    skip_blanks(r);
    if (first && *r->at && !strchr(",/)", *r->at)) {
        e->metric = first;
        return models(r, &e->models);
    }
    const char *missing = first ? "a model behind the column" : "a column of summary.csv";
    free(first);
    if (e->form == EXPECT_VALUE)
        return lacks(r, missing);
    r->at = from;
    e->metric = xstrdup("rate");
    return models(r, &e->models);
}

/* AXIS=V; `again` says that the axis is known already, and must be the same. */
static bool point(struct reading *r, struct expectation *e, bool again, unsigned *at)
{
    const char *from = r->at;
    uint64_t n;
    char *axis = word(r);
    bool same = axis && (!again || strcmp(axis, e->axis) == 0);
    if (!same || !took(r, "=")) {
        char *wanted = text_format("'%s = VALUE'", again ? e->axis : "AXIS");
        r->at = from;
        lacks(r, wanted);
        free(wanted);
        free(axis);
        return false;
    }
    if (again)
        free(axis);
    else
        e->axis = axis;
    from = r->at;
    char *value = word(r);
    bool good = value && parse_size(value, 0, 1000000000, &n);
    free(value);
    if (!good) {
        r->at = from;
        return lacks(r, "a whole number");
    }
    *at = (unsigned)n;
    return true;
}

/* A number that is not negative. strtod(3) takes the locale's point, and the driver sets none. */
static bool number(struct reading *r, double *value)
{
    char *end;
    skip_blanks(r);
    bool decimal = *r->at && strchr("0123456789.", *r->at) && (r->at[1] | 0x20) != 'x';
    *value = decimal ? strtod(r->at, &end) : NAN;
    if (!decimal || end == r->at || !isfinite(*value))
        return lacks(r, "a number");
    r->at = end;
    return true;
}

static bool compares(struct reading *r, struct expectation *e)
{
    static const struct {
        const char *sign;
        enum expectation_op op;
    } ops[] = {{"<=", OP_AT_MOST}, {">=", OP_AT_LEAST}, {"<", OP_LESS}, {">", OP_MORE}};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (took(r, ops[i].sign)) {
            e->op = ops[i].op;
            return number(r, &e->limit);
        }
    return lacks(r, "one of <, <=, >, >=");
}

static bool read_ratio(struct reading *r, struct expectation *e)
{
    e->form = EXPECT_RATIO_OF_POINTS;
    if (!metric_and_models(r, e))
        return false;
    if (took(r, "/")) {
        e->form = EXPECT_RATIO_OF_MODELS;
        return models(r, &e->against) && take(r, ",") && point(r, e, false, &e->at) &&
               take(r, ")") && compares(r, e);
    }
    return take(r, ",") && point(r, e, false, &e->at) && take(r, "/") &&
           point(r, e, true, &e->against_at) && take(r, ")") && compares(r, e);
}

static bool read_value(struct reading *r, struct expectation *e)
{
    e->form = EXPECT_VALUE;
    return metric_and_models(r, e) && take(r, ",") && point(r, e, false, &e->at) &&
           take(r, ")") && compares(r, e);
}

static bool read_within(struct reading *r, struct expectation *e)
{
    e->form = EXPECT_WITHIN;
    if (!metric_and_models(r, e) || !take(r, ",") || !models(r, &e->against) || !take(r, ",") ||
        !number(r, &e->limit) || !take(r, "%"))
        return false;
    e->limit /= 100;
    return (!took(r, ",") || point(r, e, false, &e->at)) && take(r, ")");
}

static bool read_saturates(struct reading *r, struct expectation *e)
{
    e->form = EXPECT_SATURATES;
    e->metric = xstrdup("rate");
    if (!models(r, &e->models) || !take(r, ",") || !take(r, "at") || !take(r, "="))
        return false;
    e->by_workers = took(r, "workers");
    return (e->by_workers ? take(r, "/") && take(r, "wait") : number(r, &e->limit)) &&
           take(r, ")");
}

/* The number of the form that `text` begins with, or -1. */
static int form_of(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    if (text[n + strspn(text + n, " \t")] != '(')
        return -1;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strlen(forms[i]) == n && strncmp(text, forms[i], n) == 0)
            return (int)i;
    return -1;
}

bool expectation_is_form(const char *text)
{
    return form_of(text) >= 0;
}

static bool read_all(struct reading *r, struct expectation *e)
{
    static bool (*const readers[])(struct reading *, struct expectation *) = {
        read_ratio, read_value, read_within, read_saturates};
    int form = form_of(r->text);
    if (form < 0)
        return lacks(r, "ratio(, value(, within( or saturates(");
    r->at += strlen(forms[form]);
    if (!take(r, "(") || !readers[form](r, e))
        return false;
    e->text = text_format("%.*s", (int)(r->at - r->text), r->text);
    bool more = took(r, ":");
    skip_blanks(r);
    e->sentence = xstrdup(more ? r->at : "");
    return more || !*r->at || lacks(r, "':' and a sentence, or nothing,");
}

static void free_names(struct expectation_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
}

static void free_one(struct expectation *e)
{
    free_names(&e->models);
    free_names(&e->against);
    free(e->text);
    free(e->sentence);
    free(e->metric);
    free(e->axis);
}

bool expectations_add(struct expectations *list, const char *text, int line, char *error,
                      size_t error_size)
{
    struct expectation e = {.line = line};
    struct reading r = {.text = text, .at = text, .error = error, .error_size = error_size};
    if (!read_all(&r, &e)) {
        free_one(&e);
        return false;
    }
    list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
    list->at[list->count++] = e;
    return true;
}

void expectations_free(struct expectations *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_one(&list->at[i]);
    free(list->at);
    *list = (struct expectations){0};
}
