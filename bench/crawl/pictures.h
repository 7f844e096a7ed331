/* The pictures of a run of crawl, by gnuplot, in DIR/plots:
 *
 *   crawl_efficiency, crawl_cpu   against the requests at once, where there are several; a panel a
 *                                 family of clients
 *   crawl_time, crawl_cost        of each client at one number of requests at once, as dots, as
 *                                 first written and tuned: the time, as a multiple of the ideal
 *                                 time of its own job; and its CPU time per request
 *   queue_throughput              jobs a second of workers that a queue feeds (queues.h) */
#ifndef IOM_CRAWL_PICTURES_H
#define IOM_CRAWL_PICTURES_H

#include "bench/crawl/scenario.h"
#include "bench/crawl/summary.h"

/* False with one line in `error` where gnuplot is missing or fails. */
bool crawl_pictures_draw(const char *dir, const char *scripts, const struct crawl_scenario *s,
                         const struct crawl_points *points, char *error, size_t size);

#endif
