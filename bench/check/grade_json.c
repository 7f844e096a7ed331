#include "bench/check/grade_json.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "common/err.h"

static const char *const outcomes[] = {
    [PLAY_PASSED] = "passed",
    [PLAY_FAILED] = "failed",
    [PLAY_SKIPPED] = "skipped",
    [PLAY_INTERRUPTED] = "interrupted",
};

static const char *const speeds[] = {
    [SPEED_NOT_TRIED] = "not tried", [SPEED_GOOD] = "good",
    [SPEED_SLOW] = "slow",           [SPEED_CANNOT_TELL] = "cannot tell",
    [SPEED_BROKEN] = "broken",       [SPEED_INTERRUPTED] = "interrupted",
};

static json_t *one_json(const struct graded *one)
{
    const struct check_case *c = one->c;
    const struct played *p = &one->played;
    bool failed = p->outcome == PLAY_FAILED;
    return json_checked(json_pack("{s:s,s:s,s:i,s:s,s:i,s:s,s:o,s:o,s:o,s:o}", "case", c->name,
                                  "title", c->title, "level", (int)c->level, "service",
                                  protocol_names[c->service], "points", (int)c->points,
                                  "outcome", outcomes[p->outcome], "reason",
                                  json_text_or_null(p->reason), "hint",
                                  json_text_or_null(failed ? c->hint : NULL), "transcript",
                                  json_text_or_null(failed ? p->transcript : NULL),
                                  "server_said", json_text_or_null(failed ? p->said : NULL)),
                        c->name);
}

static json_t *levels_json(const struct grade *g)
{
    json_t *array = json_array();
    for (unsigned l = 1; l <= GRADE_LEVELS; l++) {
        const struct grade_level *level = &g->levels[l];
        if (level->cases > 0)
            json_array_append_new(
                array,
                json_checked(json_pack("{s:i,s:s,s:i,s:i,s:i,s:i,s:i}", "level", (int)l, "name",
                                       case_level_names[l], "points", (int)level->points, "of",
                                       (int)level->of, "cases", (int)level->cases, "failed",
                                       (int)level->failed, "skipped", (int)level->skipped),
                             "a level"));
    }
    return array;
}

json_t *grade_json(const struct grade *g, const char *server)
{
    json_t *cases = json_array();
    for (size_t i = 0; i < g->count; i++)
        json_array_append_new(cases, one_json(&g->at[i]));
    json_t *json =
        json_checked(json_pack("{s:s,s:i,s:i,s:i,s:b,s:o,s:o}", "server", server, "level",
                               (int)g->reached, "points", (int)g->points, "of", (int)g->of,
                               "passed", !g->failed, "levels", levels_json(g), "cases", cases),
                     "the grade");
    if (g->speed.outcome != SPEED_NOT_TRIED)
        json_object_set_new(
            json, "speed",
            json_checked(json_pack("{s:s,s:s}", "outcome", speeds[g->speed.outcome], "text",
                                   g->speed.text),
                         "the speed"));
    return json;
}

void grade_save(const struct grade *g, const char *dir)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        die_errno("cannot make the directory %s", dir);
    for (size_t i = 0; i < g->count; i++) {
        if (g->at[i].played.outcome != PLAY_FAILED)
            continue;
        char *path = text_format("%s/%s.case", dir, g->at[i].c->name);
        text_write_file(path, g->at[i].played.transcript);
        free(path);
    }
}
