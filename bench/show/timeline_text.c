#include "bench/show/timeline_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

/* Servers of whom the same is to be said. */
struct group {
    const char **names;
    size_t count;
};

/* More names than this make no sentence. */
enum { NAMES_MAX = 7 };

static struct group group_new(size_t most)
{
    return (struct group){.names = xcalloc(most + 1, sizeof(char *))};
}

static void group_add(struct group *g, const char *name)
{
    g->names[g->count++] = name;
}

/* "a, b and c", or "7 of 18 servers"; the caller frees it. */
static char *group_text(const struct group *g, size_t all)
{
    char *text = xstrdup("");
    if (g->count > NAMES_MAX) {
        free(text);
        return text_format("%zu of %zu servers", g->count, all);
    }
    for (size_t i = 0; i < g->count; i++) {
        const char *between = i == 0 ? "" : i + 1 == g->count ? " and " : ", ";
        char *longer = text_format("%s%s%s", text, between, g->names[i]);
        free(text);
        text = longer;
    }
    return text;
}

static const char *verb(const struct group *g, const char *one, const char *several)
{
    return g->count == 1 ? one : several;
}

/* Add a half sentence: `text` is freed, the caller frees the result. */
static char *join(char *text, char *more)
{
    char *both = text[0] ? text_format("%s; %s", text, more) : xstrdup(more);
    free(text);
    free(more);
    return both;
}

static char *end_sentence(char *text)
{
    char *whole = text_format("%s.", text);
    free(text);
    return whole;
}

char *crash_finding(const struct crash_lane *lanes, size_t count, unsigned connections)
{
    struct group all = group_new(count);
    struct group some = group_new(count);
    struct group none = group_new(count);
    double least = INFINITY;
    double most = 0;
    char *text = xstrdup("");
    for (size_t i = 0; i < count; i++) {
        const struct crash *c = &lanes[i].crash;
        group_add(c->server_died ? &all : c->cut > 0 ? &some : &none, lanes[i].label);
        if (!c->server_died && c->cut > 0) {
            least = c->cut < least ? c->cut : least;
            most = c->cut > most ? c->cut : most;
        }
    }
    char *names = group_text(&all, count);
    if (all.count > 0)
        text = join(text, text_format("One crash ends %s, with all %u connections", names,
                                      connections));
    free(names);
    names = group_text(&some, count);
    if (some.count > 0 && least < most)
        text = join(text, text_format("%s %s %.0f to %.0f of %u connections", names,
                                      verb(&some, "loses", "lose"), least, most, connections));
    else if (some.count > 0)
        text = join(text, text_format("%s %s %.0f of %u connections", names,
                                      verb(&some, "loses", "lose"), least, connections));
    free(names);
    names = group_text(&none, count);
    if (none.count > 0)
        text = join(text, text_format("%s %s none but the one that asked for it", names,
                                      verb(&none, "loses", "lose")));
    free(names);
    free(all.names);
    free(some.names);
    free(none.names);
    return end_sentence(text);
}

char *crash_outcome(const struct crash *c, unsigned connections)
{
    if (c->server_died)
        return text_format("the server died: %u of %u cut, %s", connections, connections,
                           isfinite(c->again_ms) ? "served again" : "nobody is served again");
    char again[64] = "";
    if (!isfinite(c->again_ms))
        snprintf(again, sizeof again, ", not all are served again");
    else if (c->cut > 0)
        snprintf(again, sizeof again, ", all served again after %.0f ms", c->again_ms);
    return text_format("%u of %u process%s died, %u new: %.0f of %u cut%s", c->died,
                       c->processes, c->processes == 1 ? "" : "es", c->replaced, c->cut,
                       connections, again);
}

/* A server stands still where in most steps nobody else is answered, and twice as many steps were
 * answered without the hog. */
static bool stands_still(const struct hog *h)
{
    return h->with.answered < 0.25 && h->without.answered >= 2 * h->with.answered;
}

char *hog_finding(const struct hog_lane *lanes, size_t count, uint64_t cpu_us)
{
    struct group still = group_new(count);
    struct group going = group_new(count);
    double least = 1;
    char *text =
        text_format("One client asks for %.0f ms of CPU again and again", (double)cpu_us / 1e3);
    for (size_t i = 0; i < count; i++) {
        const struct hog *h = &lanes[i].hog;
        bool stands = stands_still(h);
        group_add(stands ? &still : &going, lanes[i].label);
        if (stands && 1 - h->with.answered < least)
            least = 1 - h->with.answered;
    }
    char *names = group_text(&still, count);
    if (still.count > 0)
        text = join(text, text_format("%s then %s nobody else for %.0f %% of the time%s", names,
                                      verb(&still, "answers", "answer"), least * 100,
                                      still.count > 1 ? " and more" : ""));
    free(names);
    names = group_text(&going, count);
    if (going.count > 0)
        text = join(text, text_format("%s %s on answering", names, verb(&going, "goes", "go")));
    free(names);
    free(still.names);
    free(going.names);
    return end_sentence(text);
}

char *hog_outcome(const struct hog *h)
{
    char median[2][32], tail[2][32], rate[2][32];
    return text_format(
        "p50 %s → %s, p99 %s → %s; %s → %s/s", figure_time(h->without.p50_us, median[0]),
        figure_time(h->with.p50_us, median[1]), figure_time(h->without.p99_us, tail[0]),
        figure_time(h->with.p99_us, tail[1]), figure_thousands(h->without.rate, rate[0]),
        figure_thousands(h->with.rate, rate[1]));
}

/* A server answers nobody else where less than a hundredth of the answers of before is left. */
static bool is_frozen(const struct slow_clients *s)
{
    return s->rate_after * 100 < s->rate_before;
}

char *slow_clients_finding(const struct slow_lane *lanes, size_t count, unsigned slow)
{
    struct group still = group_new(count);
    struct group going = group_new(count);
    char *text = text_format("%u clients come that hardly read", slow);
    for (size_t i = 0; i < count; i++)
        group_add(is_frozen(&lanes[i].slow) ? &still : &going, lanes[i].label);
    char *names = group_text(&still, count);
    if (still.count > 0)
        text = join(text, text_format("%s then %s nobody else", names,
                                      verb(&still, "answers", "answer")));
    free(names);
    names = group_text(&going, count);
    if (going.count > 0)
        text = join(text, text_format("%s %s on answering", names, verb(&going, "goes", "go")));
    free(names);
    free(still.names);
    free(going.names);
    return end_sentence(text);
}

char *slow_clients_outcome(const struct slow_clients *s)
{
    char rate[2][32];
    return text_format("%s → %s/s%s", figure_thousands(s->rate_before, rate[0]),
                       figure_thousands(s->rate_after, rate[1]),
                       is_frozen(s) ? ": it answers nobody else" : "");
}
