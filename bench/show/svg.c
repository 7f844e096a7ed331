#include "bench/show/svg.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

enum { DEPTH_MAX = 64, ATTRIBUTES_MAX = 32, VALUE_MAX = 96 };

/* What an element inherits, with what gnuplot says most often: the whole picture gets that. */
static const struct property {
    const char *name, *initial, *usual;
} properties[] = {
    {"fill", "#000", "none"},
    {"stroke", "none", "currentColor"},
    {"color", "", "black"},
    {"stroke-width", "1", "1"},
    {"stroke-linecap", "butt", "butt"},
    {"stroke-linejoin", "miter", "miter"},
    {"font-family", "", "DejaVu Sans"},
    {"font-size", "", "10"},
    {"font-weight", "normal", "normal"},
    {"font-style", "normal", "normal"},
    {"text-anchor", "start", "start"},
};
enum { PROPERTIES = sizeof properties / sizeof properties[0] };

struct attribute {
    const char *name, *value;
    size_t name_size, value_size;
};

/* An element whose end has not come. */
struct open {
    char name[16];
    char meant[PROPERTIES][VALUE_MAX]; /* what its children inherit in gnuplot's file */
    char given[PROPERTIES][VALUE_MAX]; /* in ours */
    size_t begin, end;                 /* of its tag in ours */
    bool silent;                       /* its tags are left out */
};

struct small {
    const char *text; /* all of it */
    const char *at;
    const char *prefix;
    char *out;
    size_t size, room;
    struct open open[DEPTH_MAX];
    size_t depth;
    bool in_marks; /* what is in <defs> inherits where it is used */
};

static void add(struct small *s, const char *text, size_t n)
{
    if (s->size + n > s->room) {
        s->room = 2 * (s->size + n);
        s->out = xrealloc(s->out, s->room);
    }
    memcpy(s->out + s->size, text, n);
    s->size += n;
}

static void add_format(struct small *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_format(struct small *s, const char *format, ...)
{
    char *text;
    va_list ap;
    va_start(ap, format);
    int n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0)
        die("out of memory");
    add(s, text, (size_t)n);
    free(text);
}

static bool is(const struct attribute *a, const char *name)
{
    return a->name_size == strlen(name) && strncmp(a->name, name, a->name_size) == 0;
}

/* Whether anything refers to the element whose id that is. */
static bool is_referred_to(const struct small *s, const struct attribute *id)
{
    for (const char *at = s->text; (at = strchr(at, '#')); at++)
        if (strncmp(at + 1, id->value, id->value_size) == 0 &&
            strchr("'\")", at[1 + id->value_size]))
            return true;
    return false;
}

static size_t read_attributes(const char *at, const char *end, struct attribute *list)
{
    size_t n = 0;
    while (n < ATTRIBUTES_MAX) {
        at += strspn(at, " \t\r\n/");
        size_t size = strcspn(at, "= \t\r\n/>");
        const char *quote = at + size + strspn(at + size, "= \t\r\n");
        const char *close = at < end && size > 0 ? strchr(quote + 1, *quote) : NULL;
        if (!close || close > end)
            break;
        list[n++] = (struct attribute){at, quote + 1, size, (size_t)(close - quote - 1)};
        at = close + 1;
    }
    return n;
}

/* A value as short as it can be: "1.00" is "1", "rgb( 34,  34,  34)" is "#222222". */
static void shorten(const struct attribute *a, char out[VALUE_MAX])
{
    unsigned r, g, b;
    char value[VALUE_MAX], *end;
    snprintf(value, sizeof value, "%.*s", (int)a->value_size, a->value);
    double number = strtod(value, &end);
    if (sscanf(value, "rgb( %u, %u, %u)", &r, &g, &b) == 3)
        snprintf(out, VALUE_MAX, "#%02x%02x%02x", r & 255, g & 255, b & 255);
    else if (value[0] && !*end)
        snprintf(out, VALUE_MAX, "%g", number);
    else
        snprintf(out, VALUE_MAX, "%s", value);
}

/* Coordinates with one decimal, without the spaces that no number needs. */
static void put_coordinates(struct small *s, const struct attribute *a)
{
    const char *end = a->value + a->value_size;
    bool number_before = false;
    for (const char *at = a->value; at < end;) {
        size_t spaces = strspn(at, " \t\r\n");
        char *behind;
        if (at + spaces >= end)
            break;
        double value = strtod(at + spaces, &behind);
        bool number = behind > at + spaces && !isalpha((unsigned char)at[spaces]);
        if (number) {
            char text[32];
            snprintf(text, sizeof text, "%.1f", value);
            size_t n = strlen(text);
            if (text[n - 1] == '0')
                text[n - 2] = '\0';
            add_format(s, "%s%s", number_before && spaces > 0 ? " " : "", text);
            at = behind;
        } else {
            add(s, at + spaces, 1);
            at += spaces + 1;
        }
        number_before = number;
    }
}

/* A value with the prefix before each id. */
static void put_value(struct small *s, const struct attribute *a)
{
    size_t n = a->value_size;
    const char *const mark = is(a, "id") ? "" : "#";
    const char *hash = *mark ? memchr(a->value, '#', n) : NULL;
    bool refers = hash && (hash == a->value ? strstr(a->name, "href") == a->name ||
                                                  strstr(a->name, "xlink:href") == a->name
                                            : strncmp(hash - 4, "url(", 4) == 0);
    if (is(a, "id")) {
        add_format(s, "%s-%.*s", s->prefix, (int)n, a->value);
    } else if (refers) {
        int before = (int)(hash - a->value) + 1;
        add_format(s, "%.*s%s-%.*s", before, a->value, s->prefix, (int)n - before,
                   a->value + before);
    } else {
        add_format(s, "%.*s", (int)n, a->value);
    }
}

static bool has_coordinates(const struct attribute *a)
{
    static const char *const names[] = {"d", "points", "x", "y", "width", "height"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is(a, names[i]))
            return true;
    /* A scale is no coordinate. */
    return is(a, "transform") && !memmem(a->value, a->value_size, "scale", 5);
}

static void put_attribute(struct small *s, const struct attribute *a)
{
    bool is_link = is(a, "xlink:href");
    char quote = memchr(a->value, '"', a->value_size) ? '\'' : '"';
    if (strncmp(a->name, "xmlns", 5) == 0 || is(a, "class") ||
        (is(a, "id") && !is_referred_to(s, a)))
        return;
    add_format(s, " %.*s=%c", is_link ? 4 : (int)a->name_size, a->name + (is_link ? 6 : 0),
               quote);
    if (has_coordinates(a) && !s->in_marks)
        put_coordinates(s, a);
    else
        put_value(s, a);
    add(s, &quote, 1);
}

static bool is_property(const struct attribute *a)
{
    for (size_t p = 0; p < PROPERTIES; p++)
        if (is(a, properties[p].name))
            return true;
    return false;
}

/* The properties of a new element, written where it would inherit something else. A group that
 * says nothing of a property leaves it to what is drawn in it. */
static void put_properties(struct small *s, struct open *o, const struct attribute *list,
                           size_t count)
{
    const struct open *parent = s->depth > 0 ? &s->open[s->depth - 1] : NULL;
    bool holds = strcmp(o->name, "g") == 0 || strcmp(o->name, "defs") == 0;
    for (size_t p = 0; p < PROPERTIES; p++) {
        const struct attribute *own = NULL;
        for (size_t i = 0; i < count; i++)
            own = is(&list[i], properties[p].name) ? &list[i] : own;
        strcpy(o->meant[p], parent ? parent->meant[p] : properties[p].initial);
        strcpy(o->given[p], parent ? parent->given[p] : properties[p].usual);
        if (own)
            shorten(own, o->meant[p]);
        if (parent && (own || !holds) && o->meant[p][0] &&
            strcmp(o->given[p], o->meant[p]) != 0)
            strcpy(o->given[p], o->meant[p]);
        else if (parent)
            continue;
        add_format(s, " %s=\"%s\"", properties[p].name, o->given[p]);
    }
}

/* Go behind the end of the element whose tag was read, of which nothing is kept. */
static void skip_element(struct small *s, const char *name)
{
    char close[32];
    snprintf(close, sizeof close, "</%s>", name);
    const char *at = strstr(s->at, close);
    s->at = at ? at + strlen(close) : s->at + strlen(s->at);
}

/* Where a path goes no line: a tic of no length. */
static bool goes_nowhere(const struct attribute *d)
{
    size_t n = strspn(d->value, "M0123456789.,- ");
    return n >= d->value_size && !memchr(d->value + 1, 'M', d->value_size - 1);
}

/* Whether the element is drawn, or may be. */
static bool is_kept(const struct small *s, const char *name, const struct attribute *list,
                    size_t count)
{
    if (strcmp(name, "title") == 0 || strcmp(name, "desc") == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (s->in_marks ? is(&list[i], "id") && !is_referred_to(s, &list[i])
                        : is(&list[i], "d") && goes_nowhere(&list[i]))
            return false;
    return true;
}

static void begin_element(struct small *s, const char *end)
{
    struct attribute list[ATTRIBUTES_MAX];
    bool empty = end[-1] == '/';
    size_t size = strcspn(s->at + 1, " \t\r\n/>");
    size_t count = read_attributes(s->at + 1 + size, end, list);
    struct open *o = &s->open[s->depth];
    *o = (struct open){0};
    snprintf(o->name, sizeof o->name, "%.*s", (int)size, s->at + 1);
    s->at = end + 1;
    if (!is_kept(s, o->name, list, count)) {
        if (!empty)
            skip_element(s, o->name);
        return;
    }
    o->begin = s->size;
    add_format(s, "<%s", o->name);
    for (size_t i = 0; i < count; i++)
        if (s->in_marks || !is_property(&list[i]))
            put_attribute(s, &list[i]);
    if (!s->in_marks)
        put_properties(s, o, list, count);
    o->silent = strcmp(o->name, "tspan") == 0 && s->size == o->begin + strlen("<tspan");
    if (o->silent)
        s->size = o->begin;
    else
        add_format(s, "%s", empty ? "/>" : ">");
    o->end = s->size;
    s->in_marks |= strcmp(o->name, "defs") == 0;
    s->depth += !empty;
}

/* A group of nothing but a text becomes the text. */
static bool joins_text(struct small *s, const struct open *o)
{
    static const char text[] = "<text>", close[] = "</text>";
    const size_t n = sizeof text - 1;
    const size_t tail = sizeof close - 1;
    const char *group = s->out + o->begin;
    const char *content = s->out + o->end;
    size_t left = s->size - o->end;
    if (left < n + tail || memcmp(group, "<g ", 3) != 0 || memcmp(content, text, n) != 0 ||
        memmem(content, left, close, tail) != content + left - tail)
        return false;
    char *joined = text_format("<text%.*s%.*s", (int)(o->end - o->begin - 2), group + 2,
                               (int)(left - n), content + n);
    s->size = o->begin;
    add(s, joined, strlen(joined));
    free(joined);
    return true;
}

static void end_element(struct small *s)
{
    const struct open *o = &s->open[--s->depth];
    bool group = strcmp(o->name, "g") == 0;
    bool marks = strcmp(o->name, "defs") == 0;
    s->in_marks &= !marks;
    if ((group || marks || strcmp(o->name, "text") == 0) && s->size == o->end)
        s->size = o->begin;
    else if (!o->silent && !(group && joins_text(s, o)))
        add_format(s, "</%s>", o->name);
}

/* Text counts where it is drawn. */
static void put_text(struct small *s)
{
    size_t n = strcspn(s->at, "<");
    const char *inside = s->depth > 0 ? s->open[s->depth - 1].name : "";
    if (strcmp(inside, "text") == 0 ? strspn(s->at, " \t\r\n") < n : inside[0] == 't')
        add(s, s->at, n);
    s->at += n;
}

/* One tag, comment or text; false at the end of the picture. */
static bool step(struct small *s)
{
    if (*s->at != '<') {
        put_text(s);
        return *s->at != '\0';
    }
    const char *end =
        strncmp(s->at, "<!--", 4) == 0 ? strstr(s->at, "-->") : strchr(s->at, '>');
    if (!end || s->depth == DEPTH_MAX)
        return false;
    if (s->at[1] == '!') {
        s->at = end + strlen("-->");
    } else if (s->at[1] == '/') {
        s->at = end + 1;
        if (s->depth > 0)
            end_element(s);
    } else {
        begin_element(s, end);
    }
    return s->depth > 0;
}

char *svg_small(const char *text, const char *prefix, size_t *size)
{
    struct small s = {.text = text, .at = strstr(text, "<svg"), .prefix = prefix};
    if (!s.at)
        return NULL;
    while (step(&s))
        ;
    *size = s.size;
    add(&s, "", 1);
    return s.out;
}
