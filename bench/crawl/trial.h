/* One job: a fresh server on its CPUs, a client on the others. */
#ifndef IOM_CRAWL_TRIAL_H
#define IOM_CRAWL_TRIAL_H

#include "bench/crawl/row.h"
#include "bench/plan/placement.h"

struct crawl_setup {
    const struct model *server;        /* of ours, with /wait/MS */
    const struct placement *placement; /* the client is where a load generator would be */
    const char *body;                  /* a file: what a right body is */
};

/* Measure. `row` has all of the job when this is called: client, way, concurrency, requests,
 * wait_ms, repetition, trial, counting. Fills in the rest. False where there was an interrupt. */
bool crawl_measure(const struct crawl_setup *setup, const struct crawl_client *c,
                   struct crawl_row *row);

/* Write what the server says to /wait/0 to the file `path`. False with the reason. */
bool crawl_fetch_body(const struct crawl_setup *setup, const char *path, char *reason,
                      size_t size);

#endif
