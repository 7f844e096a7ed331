#include "bench/crawl/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/crawl/csv.h"
#include "common/err.h"

bool crawl_results_are_in(const char *dir)
{
    char *path = text_format("%s/crawl.csv", dir);
    bool found = access(path, F_OK) == 0;
    free(path);
    return found;
}

/* The command line can ask for others than the file does, and a run can end early. Points are by
 * concurrency. */
static bool take_levels(struct crawl_results *r, char *error, size_t size)
{
    struct crawl_scenario *s = &r->scenario;
    s->points = 0;
    s->repetitions = 1;
    for (size_t i = 0; i < r->points.count; i++) {
        unsigned c = r->points.at[i].first->concurrency;
        if (s->points > 0 && s->concurrency[s->points - 1] == c)
            continue;
        if (s->points == CRAWL_POINTS_MAX) {
            snprintf(error, size, "%s/crawl.csv has more than %d numbers of requests at once",
                     r->dir, CRAWL_POINTS_MAX);
            return false;
        }
        s->concurrency[s->points++] = c;
    }
    for (size_t i = 0; i < r->rows.count; i++)
        if (r->rows.at[i].repetition > s->repetitions)
            s->repetitions = r->rows.at[i].repetition;
    if (s->points == 0)
        snprintf(error, size, "%s/crawl.csv has no row", r->dir);
    return s->points > 0;
}

bool crawl_results_read(struct crawl_results *r, const char *dir, char *error, size_t size)
{
    *r = (struct crawl_results){.dir = xstrdup(dir)};
    char *scenario = text_format("%s/scenario.ini", dir);
    char *machine = text_format("%s/machine.json", dir);
    bool good = crawl_scenario_read(scenario, &r->scenario, error, size) &&
                crawl_csv_read(dir, &r->rows, error, size);
    if (good) {
        crawl_summarise(&r->points, &r->rows);
        r->finding = crawl_finding(&r->points);
        r->machine = json_load_file(machine, 0, NULL);
        good = take_levels(r, error, size);
    }
    free(machine);
    free(scenario);
    return good;
}

void crawl_results_free(struct crawl_results *r)
{
    crawl_scenario_free(&r->scenario);
    crawl_points_free(&r->points);
    crawl_rows_free(&r->rows);
    free(r->finding);
    json_decref(r->machine);
    free(r->dir);
    *r = (struct crawl_results){0};
}
