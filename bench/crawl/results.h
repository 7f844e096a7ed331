/* A run of crawl, read back from its directory: what tables, pictures and report are made of. */
#ifndef IOM_CRAWL_RESULTS_H
#define IOM_CRAWL_RESULTS_H

#include <jansson.h>

#include "bench/crawl/scenario.h"
#include "bench/crawl/summary.h"

struct crawl_results {
    char *dir;
    struct crawl_scenario scenario; /* with the points and repetitions that there are rows of */
    struct crawl_rows rows;
    struct crawl_points points; /* they refer to the rows */
    char *finding;
    json_t *machine; /* machine.json; NULL: there is none */
};

/* Whether `dir` holds a run of crawl. */
bool crawl_results_are_in(const char *dir);

/* False with one line in `error`. Free it in both cases. */
bool crawl_results_read(struct crawl_results *r, const char *dir, char *error, size_t size);
void crawl_results_free(struct crawl_results *r);

#endif
