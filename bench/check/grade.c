#include "bench/check/grade.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

static bool wanted(const struct check_case *c, const struct grade_spec *spec)
{
    if (c->alone && spec->play.at_once != 1)
        return false;
    if (spec->only)
        return strcmp(c->name, spec->only) == 0 && spec->services[c->service];
    return c->level >= spec->from && c->level <= spec->to && spec->services[c->service];
}

static void count(struct grade_level *level, const struct graded *one)
{
    level->cases++;
    if (one->played.outcome == PLAY_SKIPPED) {
        level->skipped++;
        return;
    }
    level->of += one->c->points;
    if (one->played.outcome == PLAY_PASSED)
        level->points += one->c->points;
    else
        level->failed++;
}

static void add_speed(struct grade *g)
{
    struct grade_level *level = &g->levels[GRADE_LEVELS];
    if (g->speed.outcome == SPEED_NOT_TRIED)
        return;
    level->cases = 1;
    level->skipped = g->speed.outcome == SPEED_CANNOT_TELL;
    level->of = level->skipped ? 0 : SPEED_POINTS;
    level->points = g->speed.outcome == SPEED_GOOD ? SPEED_POINTS : 0;
    level->failed = g->speed.outcome == SPEED_SLOW || g->speed.outcome == SPEED_BROKEN;
}

static void add_up(struct grade *g)
{
    for (size_t i = 0; i < g->count; i++)
        count(&g->levels[g->at[i].c->level], &g->at[i]);
    add_speed(g);
    for (unsigned l = 1; l <= GRADE_LEVELS; l++) {
        const struct grade_level *level = &g->levels[l];
        g->points += level->points;
        g->of += level->of;
        if (level->failed > 0)
            g->failed = true;
        if (!g->failed && level->cases > level->skipped)
            g->reached = l;
    }
}

/* Whether there is no use in going on: no case of the first level passed. */
static bool hopeless(const struct grade *g, const struct check_case *next)
{
    bool passed = false, failed = false;
    for (size_t i = 0; i < g->count; i++) {
        const struct graded *one = &g->at[i];
        if (one->c->level == 1 && one->c->service == next->service) {
            passed |= one->played.outcome == PLAY_PASSED;
            failed |= one->played.outcome == PLAY_FAILED;
        }
    }
    return next->level > 1 && failed && !passed;
}

void grade_run(struct grade *g, const struct case_list *list, const struct grade_spec *spec)
{
    *g = (struct grade){.at = xcalloc(list->count + 1, sizeof *g->at)};
    for (size_t i = 0; i < list->count && !g->interrupted; i++) {
        const struct check_case *c = &list->at[i];
        if (!wanted(c, spec))
            continue;
        struct graded *one = &g->at[g->count];
        one->c = c;
        if (hopeless(g, c))
            one->played = (struct played){
                .outcome = PLAY_FAILED,
                .reason = xstrdup("not tried: the server passes no case of level 1"),
                .transcript = xstrdup(c->source),
            };
        else
            play(c, &spec->play, &one->played);
        g->count++;
        g->interrupted = one->played.outcome == PLAY_INTERRUPTED;
        if (spec->tell && !g->interrupted)
            spec->tell(one);
    }
    if (spec->speed && !g->interrupted)
        speed_judge(&g->speed, spec->speed);
    g->interrupted |= g->speed.outcome == SPEED_INTERRUPTED;
    add_up(g);
}

void grade_free(struct grade *g)
{
    for (size_t i = 0; i < g->count; i++)
        played_free(&g->at[i].played);
    free(g->at);
    *g = (struct grade){0};
}
