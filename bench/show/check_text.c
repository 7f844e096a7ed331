#include "bench/show/check_text.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

static void tell_failure(FILE *out, const struct graded *one, const char *server)
{
    const struct check_case *c = one->c;
    fprintf(out, "\nfailed: %s (level %u, %u point%s): %s\n", c->name, c->level, c->points,
            text_s(c->points), c->title);
    fprintf(out, "  %s\n", one->played.reason);
    if (c->hint)
        fprintf(out, "  hint: %s\n", c->hint);
    fprintf(out, "  again: iomodels replay %s '%s'\n", c->name, server);
}

static void tell_level(FILE *out, const struct grade *g, unsigned l)
{
    const struct grade_level *level = &g->levels[l];
    fprintf(out, "level %u  %-26s ", l, case_level_names[l]);
    if (level->cases == level->skipped)
        fprintf(out, "  no points: %s",
                l == GRADE_LEVELS ? "cannot tell" : "it says nothing of this server");
    else
        fprintf(out, "%3u of %2u point%s", level->points, level->of, text_s(level->of));
    if (level->skipped > 0 && level->cases > level->skipped)
        fprintf(out, ", %u case%s left out", level->skipped, text_s(level->skipped));
    putc('\n', out);
}

void check_tell(FILE *out, const struct grade *g, const char *server)
{
    for (unsigned l = 1; l <= GRADE_LEVELS; l++)
        if (g->levels[l].cases > 0)
            tell_level(out, g, l);
    if (g->speed.outcome != SPEED_NOT_TRIED)
        fprintf(out, "speed: %s\n", g->speed.text);
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].played.outcome == PLAY_FAILED)
            tell_failure(out, &g->at[i], server);
    bool skipped = false;
    for (size_t i = 0; i < g->count; i++) {
        if (g->at[i].played.outcome != PLAY_SKIPPED)
            continue;
        fprintf(out, "%s%s: %s\n", skipped ? "" : "\nleft out:\n", g->at[i].c->name,
                g->at[i].played.reason);
        skipped = true;
    }
    fprintf(out, "\n%u of %u point%s", g->points, g->of, text_s(g->of));
    if (g->reached > 0)
        fprintf(out, "; passed up to level %u", g->reached);
    putc('\n', out);
}

/* Each line of a text as a comment. */
static void comment(FILE *out, const char *text)
{
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        fprintf(out, "# %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void tap_line(FILE *out, bool good, size_t number, const char *name)
{
    fprintf(out, "%s %zu - %s", good ? "ok" : "not ok", number, name);
}

void check_tell_tap(FILE *out, const struct grade *g)
{
    bool speed = g->speed.outcome != SPEED_NOT_TRIED;
    fprintf(out, "TAP version 13\n1..%zu\n", g->count + speed);
    for (size_t i = 0; i < g->count; i++) {
        const struct graded *one = &g->at[i];
        char *name =
            text_format("level %u: %s: %s", one->c->level, one->c->name, one->c->title);
        tap_line(out, one->played.outcome != PLAY_FAILED, i + 1, name);
        if (one->played.outcome == PLAY_SKIPPED)
            fprintf(out, " # SKIP %s", one->played.reason);
        putc('\n', out);
        if (one->played.outcome == PLAY_FAILED) {
            comment(out, one->played.reason);
            comment(out, one->played.transcript);
        }
        free(name);
    }
    if (speed) {
        tap_line(out, g->levels[GRADE_LEVELS].failed == 0, g->count + 1, "level 9: speed");
        fprintf(out, "%s%s\n", g->speed.outcome == SPEED_CANNOT_TELL ? " # SKIP " : "\n# ",
                g->speed.text);
    }
    fprintf(out, "# %u of %u points, level %u\n", g->points, g->of, g->reached);
}

void check_tell_cases(FILE *out, const struct case_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct check_case *c = &list->at[i];
        if (i == 0 || c->level != list->at[i - 1].level)
            fprintf(out, "%slevel %u: %s\n", i > 0 ? "\n" : "", c->level,
                    case_level_names[c->level]);
        fprintf(out, "  %-28s %u point%s  %s\n", c->name, c->points, c->points == 1 ? " " : "s",
                c->title);
    }
}
