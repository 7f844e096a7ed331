#include "bench/trace/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

/* The longest pattern of calls that is looked for. */
enum { PATTERN_MAX = 8 };

static int in_time(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->act == NULL) - (y->act == NULL);
}

static void add_acts(struct rows *r, const struct trace *t)
{
    for (size_t i = 0; i < t->played.acts.count; i++) {
        const struct act *a = &t->played.acts.at[i];
        if (a->kind == ACT_REST)
            continue;
        r->at[r->count++] = (struct row){
            .at = a->at, .client = a->client, .act = a, .times = 1, .bytes = a->bytes};
    }
}

/* When a call has its effect. What sends, closes or wakes has its effect before strace lets it
 * return, and others act on it meanwhile; what waits for something has it when it returns. */
static int64_t moment_of(const struct trace_call *c)
{
    bool accepts = strncmp(c->name, "accept", 6) == 0 && c->client >= 0;
    bool comes =
        c->waits || accepts || (c->sleeps && c->data != DATA_OUT) || c->data == DATA_IN;
    return comes ? c->to : c->from;
}

static void add_calls(struct rows *r, const struct trace *t)
{
    for (size_t i = 0; i < t->call_count; i++) {
        const struct trace_call *c = &t->calls[i];
        bool lasts = c->to > t->played.end;
        bool early = c->from < 0 && !c->waits;
        if (!c->shown || !t->tasks[c->task].shown || (lasts && !c->waits) || early)
            continue;
        r->at[r->count++] = (struct row){.at = lasts ? t->played.end : moment_of(c),
                                         .client = c->client,
                                         .task = c->task,
                                         .call = c,
                                         .times = lasts ? 0 : 1,
                                         .bytes = c->bytes,
                                         .data = c->data,
                                         .waits = c->waits,
                                         .from = c->from};
    }
}

/* What a client gets during one step is one row, where it got the last of it; and an answer's end
 * is no row of its own. */
static void join_receipts(struct rows *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct act *a = r->at[i].act;
        struct row *later = NULL;
        bool joins = a && (a->kind == ACT_RECEIVE);
        for (size_t k = i + 1; joins && k < r->count && !later; k++) {
            const struct act *b = r->at[k].act;
            if (!b || b->client != a->client)
                continue;
            if (b->line != a->line || (b->kind != ACT_RECEIVE && b->kind != ACT_ANSWER))
                break;
            later = &r->at[k];
        }
        if (later) {
            later->bytes += r->at[i].bytes;
            later->times += r->at[i].times * (later->act->kind == ACT_RECEIVE);
        } else {
            r->at[kept++] = r->at[i];
        }
    }
    r->count = kept;
}

static bool same_result(const struct trace_call *a, const struct trace_call *b)
{
    return a->data == b->data && (a->data != DATA_NONE || strcmp(a->result, b->result) == 0);
}

/* Whether two rows say the same but for numbers of bytes, and for where nothing was found. */
static bool alike(const struct row *a, const struct row *b)
{
    if (!a->call || !b->call || a->task != b->task || a->times == 0 || b->times == 0)
        return false;
    if (a->call->again && b->call->again)
        return true;
    return a->client == b->client && strcmp(a->call->name, b->call->name) == 0 &&
           strcmp(a->call->about, b->call->about) == 0 && same_result(a->call, b->call);
}

/* The client of a row that stands for calls on several descriptors, none of which found anything.
 */
enum { OF_SEVERAL = -2 };

static void swallow(struct row *into, const struct row *other)
{
    into->times += other->times;
    into->bytes += other->bytes;
    into->at = other->at;
    if (into->call->again && strcmp(into->call->about, other->call->about) != 0)
        into->client = OF_SEVERAL;
}

/* How often the `n` rows at `i` stand there again, right behind. */
static size_t repeats(const struct rows *r, size_t i, size_t n)
{
    size_t k = i + n;
    for (; k < r->count && alike(&r->at[k - n], &r->at[k]) && !r->at[k].waits; k++)
        ;
    return (k - i) / n - 1;
}

/* Fold patterns of up to `longest` rows that stand there three times or more; of one row, two. */
static void fold_patterns(struct rows *r, size_t longest)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count;) {
        size_t best = 0;
        size_t length = 1;
        for (size_t n = 1; n <= longest && i + n <= r->count; n++) {
            size_t found = repeats(r, i, n);
            if (found >= (n == 1 ? 1 : 2) && found * n > best * length) {
                best = found;
                length = n;
            }
        }
        for (size_t k = 0; k < length; k++) {
            struct row row = r->at[i + k];
            for (size_t again = 1; again <= best; again++)
                swallow(&row, &r->at[i + k + again * length]);
            r->at[kept++] = row;
        }
        i += length * (best + 1);
    }
    r->count = kept;
}

static const char *result_of(const struct trace *t, const struct trace_call *c)
{
    long pid = strncmp(c->name, "clone", 5) == 0 || strcmp(c->name, "wait4") == 0
                   ? strtol(c->result, NULL, 10)
                   : 0;
    for (size_t i = 0; i < t->task_count && pid > 0; i++)
        if (t->tasks[i].pid == pid && t->tasks[i].shown)
            return t->tasks[i].name;
    return c->result;
}

static char *call_label(const struct trace *t, const struct row *row)
{
    const struct trace_call *c = row->call;
    char times[32] = "";
    char bytes[32];
    bool event = c->text[0] == '-' || c->text[0] == '+';
    if (row->times > 1)
        snprintf(times, sizeof times, " ×%u", row->times);
    if (event)
        return text_format("%s%s", c->name, times);
    if (row->client == OF_SEVERAL)
        return text_format("tries all: EAGAIN%s", times);
    if (row->times == 0)
        return text_format("%s(%s) …", c->name, c->about);
    if (c->data != DATA_NONE)
        return text_format("%s(%s) = %s%s", c->name, c->about,
                           figure_thousands((double)row->bytes, bytes), times);
    return text_format("%s(%s) = %s%s", c->name, c->about, result_of(t, c), times);
}

static char *act_label(const struct row *row)
{
    const struct act *a = row->act;
    char bytes[32];
    figure_thousands((double)row->bytes, bytes);
    switch (a->kind) {
    case ACT_CONNECT:
        return xstrdup("connects");
    case ACT_SEND:
        if (a->last)
            return text_format("sends %s: the rest", bytes);
        return text_format(
            "sends %s%s: %.*s", bytes, a->first ? ", not all" : "",
            (int)(strstr(a->text, " HTTP/") ? strstr(a->text, " HTTP/") - a->text : 24),
            a->text);
    case ACT_RECEIVE:
        return text_format("gets %s", bytes);
    case ACT_ANSWER:
        return text_format("has its answer: %s", bytes);
    case ACT_HALF_CLOSE:
        return xstrdup("half-closes");
    case ACT_END:
        return xstrdup("sees the end");
    case ACT_CLOSE:
        return xstrdup("closes");
    case ACT_RESET:
        return xstrdup("resets");
    case ACT_IN_VAIN:
        return xstrdup("waits in vain");
    case ACT_REST:
    case ACT_KINDS:
        break;
    }
    return xstrdup("");
}

void rows_make(struct rows *r, const struct trace *t)
{
    r->at = xcalloc(t->played.acts.count + t->call_count + 1, sizeof *r->at);
    r->count = 0;
    add_acts(r, t);
    add_calls(r, t);
    qsort(r->at, r->count, sizeof *r->at, in_time);
    join_receipts(r);
    fold_patterns(r, 1);
    fold_patterns(r, PATTERN_MAX);
    for (size_t i = 0; i < r->count; i++)
        r->at[i].label = r->at[i].act ? act_label(&r->at[i]) : call_label(t, &r->at[i]);
}

/* Whether the second of two rows can stand in the first: the same task goes on at once, and at most
 * one of both has an arrow. */
static bool joins(const struct row *a, const struct row *b, size_t width)
{
    return a->call && b->call && a->task == b->task && a->times > 0 && b->times > 0 &&
           !b->waits && (a->data == DATA_NONE || b->data == DATA_NONE) &&
           text_width(a->label) + 2 + text_width(b->label) <= width;
}

void rows_join(struct rows *r, size_t width)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct row *last = kept > 0 ? &r->at[kept - 1] : NULL;
        struct row *now = &r->at[i];
        if (!last || !joins(last, now, width)) {
            r->at[kept++] = *now;
            continue;
        }
        char *label = text_format("%s; %s", last->label, now->label);
        free(last->label);
        free(now->label);
        last->label = label;
        last->at = now->at;
        if (now->data != DATA_NONE) {
            last->data = now->data;
            last->client = now->client;
            last->bytes = now->bytes;
        }
    }
    r->count = kept;
}

void rows_free(struct rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->at[i].label);
    free(r->at);
    *r = (struct rows){0};
}

size_t rows_before(const struct rows *r, int64_t moment)
{
    size_t n = 0;
    while (n < r->count && r->at[n].at <= moment)
        n++;
    return n;
}
