/* Which jobs a run has, and in which order. */
#ifndef IOM_CRAWL_PLAN_H
#define IOM_CRAWL_PLAN_H

#include "bench/crawl/row.h"
#include "bench/crawl/scenario.h"

struct crawl_job {
    size_t client; /* in the list of clients */
    enum crawl_way way;
    unsigned concurrency;
    unsigned repetition;
    bool counting;
};

struct crawl_plan {
    struct crawl_job *at;
    size_t count;
};

/* All jobs of `s`: those with few requests at once first, since they tell how many a client makes
 * at once whatever it is asked for; within each step in the random order of `seed`. Clients that
 * cannot run here have no job. */
void crawl_plan_make(struct crawl_plan *plan, const struct crawl_scenario *s,
                     const struct crawl_clients *clients, uint64_t seed);
void crawl_plan_free(struct crawl_plan *plan);

/* How many requests a job has: so many rounds of what is asked for, but no more than a client that
 * makes fewer at once can end in five seconds. 0, with the reason, where that is not one round. */
uint64_t crawl_requests(const struct crawl_scenario *s, const struct crawl_client *c,
                        const struct crawl_job *job, char *reason, size_t size);

#endif
