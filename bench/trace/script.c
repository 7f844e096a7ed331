#include "bench/trace/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/default_story.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

static const char *const words[VERB_COUNT] = {
    [VERB_CONNECT] = "connect", [VERB_GET] = "get",           [VERB_SEND] = "send",
    [VERB_READ] = "read",       [VERB_ANSWERED] = "answered", [VERB_HALF_CLOSE] = "half-close",
    [VERB_ENDED] = "ended",     [VERB_CLOSE] = "close",       [VERB_RESET] = "reset",
    [VERB_REST] = "rest",       [VERB_PAUSE] = "pause",
};

static const uint64_t longest_pause = 10 * NS_PER_S;
static const uint64_t longest_read = UINT64_C(1) << 30;

const char *script_default(void)
{
    return default_story;
}

const char *script_word(enum verb verb)
{
    return words[verb];
}

/* A file being read, and what its steps have made of the clients so far. */
struct reader {
    struct script *script;
    size_t room;
    int line;
    bool open[SCRIPT_CLIENTS];
    bool silent[SCRIPT_CLIENTS]; /* it has closed its sending side */
    bool asked[SCRIPT_CLIENTS];
    char *error;
    size_t error_size;
};

/* "FILE:LINE: ..."; false. */
__attribute__((format(printf, 2, 3))) static bool wrong(struct reader *r, const char *format,
                                                        ...)
{
    va_list ap;
    va_start(ap, format);
    int n = snprintf(r->error, r->error_size, "%s:%d: ", r->script->path, r->line);
    if (n >= 0 && (size_t)n < r->error_size)
        vsnprintf(r->error + n, r->error_size - (size_t)n, format, ap);
    va_end(ap);
    return false;
}

/* The next word of `*at`, cut out; "" at the end. */
static char *next_word(char **at)
{
    while (isblank((unsigned char)**at))
        (*at)++;
    char *word = *at;
    while (**at && !isblank((unsigned char)**at))
        (*at)++;
    if (**at)
        *(*at)++ = '\0';
    return word;
}

/* The index of a client's name, a new one where it is not known yet; -1 where there are too many.
 */
static int client_of(struct script *s, char name)
{
    for (int i = 0; i < s->clients; i++)
        if (s->names[i] == name)
            return i;
    if (s->clients == SCRIPT_CLIENTS)
        return -1;
    s->names[s->clients] = name;
    return s->clients++;
}

/* Bytes in double quotes, with \r, \n, \" and \\; the rest of `*at` begins after them. */
static bool read_quoted(struct reader *r, char **at, struct step *step)
{
    while (isblank((unsigned char)**at))
        (*at)++;
    if (**at != '"')
        return wrong(r, "send takes a text in double quotes, not '%s'", *at);
    char *to = step->text = xmalloc(strlen(*at) + 1);
    for ((*at)++; **at && **at != '"'; (*at)++) {
        if (**at != '\\') {
            *to++ = **at;
            continue;
        }
        (*at)++;
        static const char escapes[] = "r\rn\n\"\"\\\\";
        const char *found = NULL;
        for (const char *e = escapes; *e && **at; e += 2)
            if (*e == **at)
                found = e + 1;
        if (!found)
            return wrong(r, "a text has \\r, \\n, \\\" and \\\\, and no '\\%c'", **at);
        *to++ = *found;
    }
    *to = '\0';
    step->size = (size_t)(to - step->text);
    if (**at != '"')
        return wrong(r, "the text has no double quote at its end");
    if (step->size == 0)
        return wrong(r, "an empty text cannot be sent");
    step->ends_head = step->size >= 4 && memcmp(to - 4, "\r\n\r\n", 4) == 0;
    (*at)++;
    return true;
}

/* What follows the verb. */
static bool read_arguments(struct reader *r, struct step *step, char **at)
{
    if (step->verb == VERB_SEND)
        return read_quoted(r, at, step);
    if (step->verb == VERB_GET) {
        step->text = xstrdup(next_word(at));
        return step->text[0] == '/' ||
               wrong(r, "get takes a path that begins with /, not '%s'", step->text);
    }
    if (step->verb == VERB_READ) {
        const char *word = next_word(at);
        return parse_size(word, 1, longest_read, &step->amount) ||
               wrong(r, "read takes a number of bytes from 1 to 1G, not '%s'", word);
    }
    if (step->verb == VERB_PAUSE) {
        const char *word = next_word(at);
        return parse_duration(word, 1, longest_pause, &step->amount) ||
               wrong(r, "pause takes a time of at most 10s, as in 20ms, not '%s'", word);
    }
    return true;
}

/* The words after that: "slow", "or rest". */
static bool read_ending(struct reader *r, struct step *step, char **at)
{
    char *word = next_word(at);
    if (step->verb == VERB_CONNECT && strcmp(word, "slow") == 0) {
        step->slow = true;
        word = next_word(at);
    }
    bool may_rest = step->verb == VERB_ANSWERED || step->verb == VERB_ENDED;
    if (may_rest && strcmp(word, "or") == 0) {
        word = next_word(at);
        if (strcmp(word, "rest") != 0)
            return wrong(r, "'or' is followed by 'rest', not by '%s'", word);
        step->or_rest = true;
        word = next_word(at);
    }
    return word[0] == '\0' || wrong(r, "'%s' is one word too many", word);
}

/* Whether a client can do that now. */
static bool check_client(struct reader *r, const struct step *step)
{
    int c = step->client;
    char name = r->script->names[c];
    bool sends = step->verb == VERB_GET || step->verb == VERB_SEND;
    if (step->verb == VERB_CONNECT && r->open[c])
        return wrong(r, "%c is connected already", name);
    if (step->verb != VERB_CONNECT && !r->open[c])
        return wrong(r, "%c is not connected", name);
    if ((sends || step->verb == VERB_HALF_CLOSE) && r->silent[c])
        return wrong(r, "%c has half-closed its connection, and cannot send", name);
    if (step->verb == VERB_ANSWERED && !r->asked[c])
        return wrong(r, "%c has asked for nothing", name);
    if (step->verb == VERB_CONNECT)
        r->open[c] = true, r->silent[c] = r->asked[c] = false;
    if (step->verb == VERB_HALF_CLOSE)
        r->silent[c] = true;
    if (step->verb == VERB_CLOSE || step->verb == VERB_RESET)
        r->open[c] = false;
    if (step->verb == VERB_GET || step->ends_head)
        r->asked[c] = true;
    return true;
}

static bool read_verb(struct reader *r, const char *word, struct step *step)
{
    for (int v = 0; v < VERB_COUNT; v++) {
        if (strcmp(word, words[v]) != 0)
            continue;
        bool of_nobody = v >= VERB_REST;
        if (of_nobody != (step->client < 0))
            return of_nobody ? wrong(r, "'%s' stands without a client's name", word)
                             : wrong(r, "'%s' needs a client's name before it", word);
        step->verb = (enum verb)v;
        return true;
    }
    return wrong(r, "no word '%s'; docs/trace.md lists those there are", word);
}

static bool read_step(struct reader *r, char *line, struct step *step)
{
    char *at = line;
    char *word = next_word(&at);
    step->client = -1;
    step->line = r->line;
    if (isupper((unsigned char)word[0]) && word[1] == '\0') {
        step->client = client_of(r->script, word[0]);
        if (step->client < 0)
            return wrong(r, "%c is one client too many: a story has %d at most", word[0],
                         SCRIPT_CLIENTS);
        word = next_word(&at);
    }
    return read_verb(r, word, step) && read_arguments(r, step, &at) &&
           read_ending(r, step, &at) && (step->client < 0 || check_client(r, step));
}

static bool read_lines(struct reader *r, char *text)
{
    struct script *s = r->script;
    for (char *line; (line = strsep(&text, "\n"));) {
        r->line++;
        line = text_trim(line);
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (s->count == r->room) {
            r->room = r->room ? 2 * r->room : 32;
            s->steps = xrealloc(s->steps, r->room * sizeof *s->steps);
        }
        s->steps[s->count] = (struct step){.said = xstrdup(line)};
        if (!read_step(r, line, &s->steps[s->count++]))
            return false;
    }
    return s->clients > 0 || wrong(r, "a story needs a client");
}

bool script_read(struct script *s, const char *path, char *error, size_t error_size)
{
    *s = (struct script){.path = xstrdup(path ? path : "default.story")};
    char *text = path ? text_read_file(path) : xstrdup(default_story);
    struct reader r = {.script = s, .error = error, .error_size = error_size};
    if (!text)
        snprintf(error, error_size, "cannot read %s: %s", path, strerror(errno));
    bool good = text && read_lines(&r, text);
    free(text);
    if (!good)
        script_free(s);
    return good;
}

void script_free(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->steps[i].said);
        free(s->steps[i].text);
    }
    free(s->steps);
    free(s->path);
    *s = (struct script){0};
}
