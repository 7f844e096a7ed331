/* The jobs of a run, repetitions put together. */
#ifndef IOM_CRAWL_SUMMARY_H
#define IOM_CRAWL_SUMMARY_H

#include <stddef.h>
#include <stdio.h>

#include "bench/base/stats.h"
#include "bench/crawl/row.h"
#include "bench/show/grid.h"

struct crawl_rows {
    struct crawl_row *at;
    size_t count;
};

void crawl_rows_add(struct crawl_rows *rows, const struct crawl_row *row);
void crawl_rows_free(struct crawl_rows *rows);

/* A client in one way, at one number of requests at once, in jobs of one length. */
struct crawl_point {
    const struct crawl_row *first; /* its first row: client, way, concurrency, requests */
    struct spread at[CRAWL_FIGURE_COUNT]; /* of the valid repetitions */
    size_t trials;                        /* repetitions, system calls not counted */
    size_t valid;
    const struct crawl_row *bad; /* one that is not valid, or NULL */
};

struct crawl_points {
    struct crawl_point *at; /* by concurrency, then by time, the shortest first */
    size_t count;
};

void crawl_summarise(struct crawl_points *points, const struct crawl_rows *rows);
void crawl_points_free(struct crawl_points *points);

/* What was found, some sentences. The caller frees it. */
char *crawl_finding(const struct crawl_points *points);

/* The sentence of it on one number of requests at once. The caller frees it. */
char *crawl_finding_at(const struct crawl_points *points, unsigned concurrency);

/* All points, a table for each number of requests at once. */
void crawl_table(FILE *f, const struct crawl_points *points, enum format format);

/* These tables and the finding, for a terminal. */
void crawl_tell(FILE *f, const struct crawl_points *points, const char *finding);

/* The point of the same client, at as many requests at once, in the other `way`; or NULL. */
const struct crawl_point *crawl_twin(const struct crawl_points *points,
                                     const struct crawl_row *row, enum crawl_way way);

#endif
