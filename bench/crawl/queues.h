/* What is told of workers that a queue feeds, besides what is told of every client: how many jobs a
 * second, and what the queue alone costs. */
#ifndef IOM_CRAWL_QUEUES_H
#define IOM_CRAWL_QUEUES_H

#include "bench/crawl/scenario.h"
#include "bench/crawl/summary.h"

/* A table for each number of workers; nothing where no queue was measured. */
void queues_table(FILE *f, const struct crawl_points *points, enum format format);

/* Draw DIR/plots/queue_throughput.svg and .png, at the most jobs at once: jobs a second that fetch
 * a URL, and that do nothing. True too where there is nothing to draw. False with one line in
 * `error` where gnuplot is missing or fails. */
bool queues_draw(const char *dir, const char *scripts, const struct crawl_scenario *s,
                 const struct crawl_points *points, char *error, size_t size);

#endif
