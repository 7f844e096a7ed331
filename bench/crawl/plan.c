#include "bench/crawl/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"
#include "common/random.h"

/* A client that makes fewer requests at once than it is asked for has at most so much to wait. */
static const unsigned slow_ms = 5000;

static void add(struct crawl_plan *plan, struct crawl_job job)
{
    plan->at = xrealloc(plan->at, (plan->count + 1) * sizeof *plan->at);
    plan->at[plan->count++] = job;
}

static void add_all(struct crawl_plan *plan, const struct crawl_scenario *s,
                    const struct crawl_clients *clients, struct crawl_job job)
{
    for (job.client = 0; job.client < clients->count; job.client++) {
        const struct crawl_client *c = &clients->at[job.client];
        for (job.way = 0; job.way < CRAWL_WAYS; job.way++) {
            bool wanted = c->first ? s->ways[job.way] : job.way == CRAWL_TUNED;
            if (wanted && !c->model.unsupported)
                add(plan, job);
        }
    }
}

/* Fisher and Yates (Knuth, TAOCP 2, 3.4.2, algorithm P). */
static void shuffle(struct crawl_job *at, size_t n, uint64_t *state)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = random_next(state) % i;
        struct crawl_job other = at[i - 1];
        at[i - 1] = at[k];
        at[k] = other;
    }
}

void crawl_plan_make(struct crawl_plan *plan, const struct crawl_scenario *s,
                     const struct crawl_clients *clients, uint64_t seed)
{
    *plan = (struct crawl_plan){0};
    for (size_t i = 0; i < s->points; i++) {
        struct crawl_job job = {.concurrency = s->concurrency[i]};
        for (job.repetition = 1; job.repetition <= s->repetitions; job.repetition++) {
            size_t begin = plan->count;
            add_all(plan, s, clients, job);
            shuffle(plan->at + begin, plan->count - begin, &seed);
        }
        job.counting = job.concurrency == s->count_at;
        job.repetition = 1;
        if (job.counting)
            add_all(plan, s, clients, job);
    }
}

void crawl_plan_free(struct crawl_plan *plan)
{
    free(plan->at);
    *plan = (struct crawl_plan){0};
}

uint64_t crawl_requests(const struct crawl_scenario *s, const struct crawl_client *c,
                        const struct crawl_job *job, char *reason, size_t size)
{
    unsigned hands = c->at_once[job->way], asked = job->concurrency;
    uint64_t all = (uint64_t)asked * s->rounds;
    if (hands == 0 || hands >= asked)
        return all;
    if (hands > 1 && !c->model.external) {
        snprintf(reason, size, "it holds %u connections at most", hands);
        return 0;
    }
    uint64_t most = (uint64_t)hands * (slow_ms / s->wait_ms);
    if (most < all)
        all = most;
    if (all >= asked)
        return all;
    snprintf(reason, size, "it makes %u at once, so a round would take %.0f s", hands,
             (double)asked / hands * s->wait_ms / 1e3);
    return 0;
}
