/* The parts of the JSON report that tell what was asked for, and from where; and a distribution. */
#ifndef IOM_REPORT_WORKLOAD_H
#define IOM_REPORT_WORKLOAD_H

#include <jansson.h>

#include "loadgen/report/result.h"
#include "loadgen/report/search.h"

/* A URL. JSON is UTF-8 (RFC 8259, section 8.1), the path of a Unix-domain socket any bytes: where
 * they are not UTF-8, those above ASCII are written as %XX. */
json_t *report_url(const char *url);

/* A distribution without its buckets; null where `h` is NULL. */
json_t *report_latency(const struct histogram *h);

/* "urls": for each its weight and how the requests for it ended; of very many, as
 * report_choose_urls() does. */
json_t *report_urls(const struct run *r, const struct result *result);

/* "urls_left_out": what the others come to; null where there are none. */
json_t *report_urls_left_out(const struct run *r, const struct result *result);

/* Choose at most `most` of the run's URLs to be listed: first the URLs with failures, then the
 * first of the others. Returns how many are chosen. Their numbers are in `chosen`, in order;
 * `chosen` has room for `most`. */
uint32_t report_choose_urls(const struct result *result, uint32_t count, uint32_t most,
                            uint32_t *chosen);

/* "sources": the addresses that connections were bound to. */
json_t *report_sources(const struct run *r);

/* "background": for each kind of connection how many were asked for, open at the end, and lost. */
json_t *report_background(const struct run *r);

/* "search": the goal, the interval, the probes; null where `search` is NULL. */
json_t *report_search(const struct search *search);

#endif
