#include "bench/lesson/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct lesson_metric_info lesson_metrics[LESSON_METRICS] = {
    [LESSON_RATE] = {"rate", "answers/s", "good answers a second"},
    [LESSON_MEAN] = {"mean", "ms", "mean of the latency"},
    [LESSON_P50] = {"p50", "ms", "half of the answers came within it"},
    [LESSON_P90] = {"p90", "ms", "90 % of the answers came within it"},
    [LESSON_P99] = {"p99", "ms", "99 % of the answers came within it"},
    [LESSON_MAX] = {"max", "ms", "the longest latency"},
    [LESSON_CPU] = {"cpu", "µs", "CPU time of the server for an answer"},
    [LESSON_BUSY] = {"busy", "", "the part of a CPU that the server used"},
    [LESSON_GENERATOR] = {"generator", "", "the part of a CPU that the load generator used"},
    [LESSON_EAGAIN] = {"eagain", "", "calls in vain for an answer"},
    [LESSON_WAKEUPS] = {"wakeups", "", "wake-ups for an answer"},
    [LESSON_EVENTS] = {"events", "", "events in a wake-up"},
    [LESSON_SWITCHES] = {"switches", "", "voluntary context switches for an answer"},
    [LESSON_FAULTS] = {"faults", "", "page faults for an answer"},
    [LESSON_TASKS] = {"tasks", "", "processes and threads of the server"},
    [LESSON_MEMORY] = {"memory", "KiB", "memory that the connections cost the server"},
    [LESSON_FAILED] = {"failed", "", "requests without a good answer"},
};

bool lesson_unit_is_known(const char *unit)
{
    for (int i = 0; i < LESSON_METRICS; i++)
        if (strcmp(lesson_metrics[i].unit, unit) == 0)
            return true;
    return false;
}

static void skip_blanks(const char **at)
{
    while (isspace((unsigned char)**at))
        (*at)++;
}

/* The word at `*at`, of letters, digits and hyphens; its size. */
static size_t word(const char **at)
{
    skip_blanks(at);
    size_t n = 0;
    while (isalnum((unsigned char)(*at)[n]) || (*at)[n] == '-')
        n++;
    return n;
}

static bool is(const char *name, const char *from, size_t size)
{
    return strlen(name) == size && memcmp(name, from, size) == 0;
}

static bool find_metric(const char *from, size_t size, enum lesson_metric *out)
{
    for (int i = 0; i < LESSON_METRICS; i++) {
        if (!is(lesson_metrics[i].name, from, size))
            continue;
        *out = (enum lesson_metric)i;
        return true;
    }
    return false;
}

static bool find_side(const struct lesson *l, const char *from, size_t size, size_t *out)
{
    for (*out = 0; *out < l->side_count; (*out)++)
        if (is(l->sides[*out].name, from, size))
            return true;
    return false;
}

/* METRIC(SIDE) */
static bool parse_term(struct lesson_term *t, const struct lesson *l, const char **at,
                       char *error, size_t error_size)
{
    size_t n = word(at);
    const char *open = *at + n;
    if (n == 0 || *open != '(') {
        snprintf(error, error_size, "METRIC(SIDE) is wanted, and not '%.40s'", *at);
        return false;
    }
    if (!find_metric(*at, n, &t->metric)) {
        snprintf(error, error_size, "no figure '%.*s'", (int)n, *at);
        return false;
    }
    *at = open + 1;
    n = word(at);
    if (!find_side(l, *at, n, &t->side)) {
        snprintf(error, error_size, "no side '%.*s'", (int)n, *at);
        return false;
    }
    *at += n;
    skip_blanks(at);
    if (**at != ')') {
        snprintf(error, error_size, "a ')' is wanted, and not '%.40s'", *at);
        return false;
    }
    (*at)++;
    skip_blanks(at);
    return true;
}

static bool parse_begin(struct lesson_expression *e, const struct lesson *l, const char **at,
                        char *error, size_t error_size)
{
    *e = (struct lesson_expression){0};
    if (!parse_term(&e->over, l, at, error, error_size))
        return false;
    e->ratio = **at == '/';
    if (!e->ratio)
        return true;
    (*at)++;
    return parse_term(&e->under, l, at, error, error_size);
}

bool lesson_expression_parse(struct lesson_expression *e, const struct lesson *l,
                             const char *text, char *error, size_t error_size)
{
    if (!parse_begin(e, l, &text, error, error_size))
        return false;
    if (*text)
        snprintf(error, error_size, "'%.40s' is too much", text);
    return !*text;
}

bool lesson_claim_parse(struct lesson_claim *c, const struct lesson *l, const char *text,
                        char *error, size_t error_size)
{
    char *end;
    *c = (struct lesson_claim){0};
    if (!parse_begin(&c->of, l, &text, error, error_size))
        return false;
    c->below = *text == '<';
    if (*text != '<' && *text != '>') {
        snprintf(error, error_size, "'<' or '>' is wanted, and not '%.40s'", text);
        return false;
    }
    text++;
    skip_blanks(&text);
    c->bound = strtod(text, &end);
    if (end == text || !isfinite(c->bound) || !isdigit((unsigned char)*text)) {
        snprintf(error, error_size, "a number is wanted, and not '%.40s'", text);
        return false;
    }
    text = end;
    skip_blanks(&text);
    if (*text != ':') {
        snprintf(error, error_size, "': TEXT' is wanted after the number, and not '%.40s'",
                 text);
        return false;
    }
    text++;
    skip_blanks(&text);
    c->text = text;
    if (!*text)
        snprintf(error, error_size, "a claim needs a text after the colon");
    return *text != '\0';
}

const char *lesson_unit(const struct lesson_expression *e)
{
    return e->ratio ? "" : lesson_metrics[e->over.metric].unit;
}

int lesson_next_figure(const char **at, const struct lesson *l, struct lesson_piece *before,
                       struct lesson_expression *e, char *error, size_t error_size)
{
    const char *open = strchr(*at, '{');
    if (!open)
        return 0;
    *before = (struct lesson_piece){*at, (size_t)(open - *at)};
    *at = open + 1;
    if (!parse_begin(e, l, at, error, error_size))
        return -1;
    if (**at != '}') {
        snprintf(error, error_size, "a '}' is wanted, and not '%.40s'", *at);
        return -1;
    }
    (*at)++;
    return 1;
}
