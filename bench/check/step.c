#include "bench/check/step.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

/* Each verb, and what stands behind it: w a client, o options of open, d bytes, e bytes or the word
 * "pushed", p bytes and perhaps the word "partly", t a time, n a number, a an answer. */
static const struct {
    const char *word;
    const char *takes;
} verbs[] = {
    [VERB_OPEN] = {"open", "wo"},      [VERB_SEND] = {"send", "wd"},
    [VERB_PIECES] = {"pieces", "wd"},  [VERB_PUSH] = {"push", "wp"},
    [VERB_EXPECT] = {"expect", "we"},  [VERB_BEGINS] = {"begins", "wd"},
    [VERB_SWAP] = {"swap", "wd"},      [VERB_PAUSE] = {"pause", "t"},
    [VERB_ANSWER] = {"answer", "wa"},  [VERB_REFUSES] = {"refuses", "w"},
    [VERB_QUIET] = {"quiet", "wt"},    [VERB_FIN] = {"fin", "w"},
    [VERB_END] = {"end", "w"},         [VERB_GONE] = {"gone", "w"},
    [VERB_TIMEOUT] = {"timeout", "w"}, [VERB_CLOSE] = {"close", "w"},
    [VERB_RESET] = {"reset", "w"},     [VERB_FLOOD] = {"flood", "wd"},
    [VERB_CROWD] = {"crowd", "nd"},    [VERB_RELIEVE] = {"relieve", ""},
    [VERB_FREEZE] = {"freeze", ""},    [VERB_THAW] = {"thaw", ""},
    [VERB_CALM] = {"calm", ""},        [VERB_TERMINATE] = {"terminate", ""},
    [VERB_REFUSED] = {"refused", ""},  [VERB_EXITS] = {"exits", "n"},
    [VERB_REPEAT] = {"repeat", "n"},   [VERB_DONE] = {"done", ""},
};

const char *step_verb(enum verb verb)
{
    return verbs[verb].word;
}

/* A line that is read. */
struct reading {
    struct step *s;
    const char *at;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct reading *r, const char *format,
                                                        ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->error, r->error_size, format, args);
    va_end(args);
    return false;
}

/* The next word; "" at the end of the line. */
static const char *word(struct reading *r, char *out, size_t out_size)
{
    size_t n = strcspn(r->at, " \t");
    snprintf(out, out_size, "%.*s", (int)n, r->at);
    r->at += n;
    r->at += strspn(r->at, " \t");
    return out;
}

static bool read_who(struct reading *r)
{
    char name[32];
    r->s->who = xstrdup(word(r, name, sizeof name));
    return name[0] ? true : wrong(r, "'%s' names no client", r->s->text);
}

static bool read_number(struct reading *r)
{
    char text[32];
    uint64_t number;
    if (!parse_u64(word(r, text, sizeof text), 0, 100000, &number))
        return wrong(r, "'%s' is not a number from 0 to 100000", text);
    r->s->number = (unsigned)number;
    return true;
}

static bool read_time(struct reading *r)
{
    char text[32];
    if (!parse_duration(word(r, text, sizeof text), NS_PER_MS, 60 * NS_PER_S, &r->s->ns))
        return wrong(r, "'%s' is not a time from 1ms to 60s", text);
    return true;
}

/* How many, and whether their buffers are small. */
static bool read_open(struct reading *r)
{
    char text[32];
    uint64_t number = 1;
    while (*r->at) {
        word(r, text, sizeof text);
        if (strcmp(text, "narrow") == 0)
            r->s->narrow = true;
        else if (!parse_u64(text, 1, 1000, &number))
            return wrong(r, "open: '%s' is neither narrow nor a number to 1000", text);
    }
    r->s->number = (unsigned)number;
    return true;
}

static bool read_bytes(struct reading *r)
{
    bool good = bytes_check(r->at, r->error, r->error_size);
    if (good && r->s->verb == VERB_FLOOD && strcmp(r->at, "\"\"") == 0)
        return wrong(r, "flood takes a byte or more");
    r->s->bytes = xstrdup(r->at);
    r->at += strlen(r->at);
    return good;
}

static bool read_expected(struct reading *r)
{
    if (strcmp(r->at, "pushed") != 0)
        return read_bytes(r);
    r->s->pushed = true;
    r->at += strlen(r->at);
    return true;
}

static bool read_pushed(struct reading *r)
{
    static const char partly[] = "partly ";
    r->s->partly = strncmp(r->at, partly, strlen(partly)) == 0;
    r->at += r->s->partly ? strlen(partly) : 0;
    return read_bytes(r);
}

/* "200", "4xx", "200,404" or "200-299". */
static bool read_statuses(struct reading *r, char *text)
{
    struct case_answer *a = &r->s->answer;
    char *one;
    while ((one = strsep(&text, ","))) {
        uint64_t from, to;
        char *dash = strchr(one, '-');
        if (a->statuses == CASE_STATUSES)
            return wrong(r, "more than %d statuses", CASE_STATUSES);
        if (strlen(one) == 3 && strcmp(one + 1, "xx") == 0 && one[0] >= '1' && one[0] <= '5') {
            from = (uint64_t)(one[0] - '0') * 100;
            to = from + 99;
        } else {
            if (dash)
                *dash = '\0';
            if (!parse_u64(one, 100, 599, &from) ||
                !parse_u64(dash ? dash + 1 : one, from, 599, &to))
                return wrong(r, "'%s' is no status", one);
        }
        a->from[a->statuses] = (unsigned)from;
        a->to[a->statuses++] = (unsigned)to;
    }
    return true;
}

/* One item, for other words may follow. */
static bool read_body(struct reading *r)
{
    const char *begin = r->at;
    struct bytes none = {.counted = true};
    if (!bytes_parse_item(&r->at, &none, r->error, r->error_size))
        return false;
    free(r->s->bytes);
    r->s->bytes = xstrdup(begin);
    r->s->bytes[r->at - begin] = '\0';
    return true;
}

static bool read_answer(struct reading *r)
{
    struct case_answer *a = &r->s->answer;
    char text[64];
    word(r, text, sizeof text);
    bool good = read_statuses(r, text);
    while (good && *r->at) {
        word(r, text, sizeof text);
        if (strcmp(text, "head") == 0)
            a->head = true;
        else if (strcmp(text, "keeps") == 0)
            a->keeps = true;
        else if (strcmp(text, "closes") == 0)
            a->closes = true;
        else if (strcmp(text, "least") == 0)
            good = parse_size(word(r, text, sizeof text), 0, BYTES_MAX, &a->least) ||
                   wrong(r, "least takes a size, not '%s'", text);
        else if (strcmp(text, "body") == 0)
            good = a->has_body = read_body(r);
        else
            good = wrong(r, "answer: unknown word '%s'", text);
    }
    return good;
}

static bool read_argument(struct reading *r, char kind)
{
    switch (kind) {
    case 'w':
        return read_who(r);
    case 'o':
        return read_open(r);
    case 'd':
        return read_bytes(r);
    case 'e':
        return read_expected(r);
    case 'p':
        return read_pushed(r);
    case 't':
        return read_time(r);
    case 'n':
        return read_number(r);
    default:
        return read_answer(r);
    }
}

bool step_parse(struct step *s, const char *line, char *error, size_t error_size)
{
    struct reading r = {.s = s, .at = line, .error = error, .error_size = error_size};
    char verb[32];
    size_t v = 0;
    word(&r, verb, sizeof verb);
    while (v < sizeof verbs / sizeof verbs[0] && strcmp(verbs[v].word, verb) != 0)
        v++;
    if (v == sizeof verbs / sizeof verbs[0])
        return wrong(&r, "unknown step '%s'", verb);
    s->verb = (enum verb)v;
    for (const char *kind = verbs[v].takes; *kind; kind++)
        if (!read_argument(&r, *kind))
            return false;
    return *r.at ? wrong(&r, "'%s' takes no '%s'", verb, r.at) : true;
}

void step_load(struct step *s)
{
    char error[200];
    if (s->bytes && !bytes_parse(s->bytes, &s->data, error, sizeof error))
        die("%s", error);
}

void step_unload(struct step *s)
{
    bytes_free(&s->data);
}

void step_free(struct step *s)
{
    free(s->text);
    free(s->who);
    free(s->bytes);
    bytes_free(&s->data);
}
