#include "bench/crawl/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/ini_keys.h"
#include "bench/base/name.h"
#include "bench/base/text.h"
#include "common/parse.h"

static bool add_point(void *arg, const char *item)
{
    struct crawl_scenario *s = arg;
    uint64_t c;
    if (s->points == CRAWL_POINTS_MAX || !parse_u64(item, 1, CRAWL_CONCURRENCY_MAX, &c) ||
        (s->points > 0 && c <= s->concurrency[s->points - 1]))
        return false;
    s->concurrency[s->points++] = (unsigned)c;
    return true;
}

bool crawl_points_parse(struct crawl_scenario *s, const char *value)
{
    s->points = 0;
    return ini_items(value, add_point, s);
}

static bool set_points(struct ini_reader *r, void *slot, const char *value)
{
    (void)slot;
    return crawl_points_parse(r->into, value) ||
           ini_bad(r, "concurrency = '%s' is not a list of ascending numbers from 1 to %d",
                   value, CRAWL_CONCURRENCY_MAX);
}

static bool add_way(void *arg, const char *item)
{
    struct crawl_scenario *s = arg;
    for (enum crawl_way w = 0; w < CRAWL_WAYS; w++)
        if (strcmp(item, crawl_way_names[w]) == 0)
            return s->ways[w] = true;
    return false;
}

static bool set_ways(struct ini_reader *r, void *slot, const char *value)
{
    (void)slot;
    return ini_items(value, add_way, r->into) ||
           ini_bad(r, "ways = '%s' is not first, tuned or both", value);
}

static bool set_name(struct ini_reader *r, void *slot, const char *value)
{
    return name_is_good(value) ? ini_text(r, slot, value)
                               : ini_bad(r, "name = '%s': %s", value, name_rule);
}

#define IN(member) .at = offsetof(struct crawl_scenario, member)

static const struct ini_key keys[] = {
    {"crawl", "name", set_name, IN(name)},
    {"crawl", "question", ini_text, IN(question), .goes_on = true},
    {"crawl", "expect", ini_text, IN(expect), .goes_on = true},
    {"crawl", "clients", ini_text, IN(clients), .goes_on = true},
    {"crawl", "ways", set_ways, IN(ways)},
    {"crawl", "concurrency", set_points, IN(concurrency)},
    {"crawl", "rounds", ini_number, IN(rounds), .low = 1, .high = 1000},
    {"crawl", "wait", ini_number, IN(wait_ms), .low = 1, .high = 10000},
    {"crawl", "repetitions", ini_number, IN(repetitions), .low = 1, .high = 100},
    {"crawl", "count_at", ini_number, IN(count_at), .low = 0, .high = CRAWL_CONCURRENCY_MAX},
};

static const struct ini_format format = {
    .keys = keys, .count = sizeof keys / sizeof keys[0], .sections = "[crawl]"};

bool crawl_scenario_read(const char *file, struct crawl_scenario *s, char *error, size_t size)
{
    *s = (struct crawl_scenario){.rounds = 20, .wait_ms = 50, .repetitions = 1};
    s->text = text_read_file(file);
    if (!s->text) {
        snprintf(error, size, "cannot read %s: %m", file);
        return false;
    }
    if (!ini_read(&format, file, s->text, s, error, size))
        return false;
    bool any_way = s->ways[CRAWL_FIRST] || s->ways[CRAWL_TUNED];
    s->ways[CRAWL_TUNED] |= !any_way;
    if (s->name && s->points > 0)
        return true;
    snprintf(error, size, "%s: [crawl] has no %s", file, s->name ? "concurrency" : "name");
    return false;
}

void crawl_scenario_free(struct crawl_scenario *s)
{
    free(s->name);
    free(s->question);
    free(s->expect);
    free(s->clients);
    free(s->text);
}
