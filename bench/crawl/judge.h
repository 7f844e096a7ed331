/* Whether what a client says of its job may be believed. */
#ifndef IOM_CRAWL_JUDGE_H
#define IOM_CRAWL_JUDGE_H

#include "bench/crawl/row.h"
#include "bench/plan/placement.h"

struct crawl_facts {
    uint64_t asked;    /* target_digest() of the N URLs, summed */
    uint64_t answered; /* what the server has of them */
    const struct placement *placement;
};

/* Set row->verdict and row->reason of a row that is CRAWL_OK. INVALID, for one of these reasons:
 * - The client says that not all answers were right, or the server answered another number.
 * - The server was asked for other URLs: one was left out or asked for again, or answered without
 *   its body.
 * - The server saw more requests at once than C; or, of a client as first written, than the client
 *   says that it makes.
 * - The client tells less time than C requests at once take, or more than passed.
 * - The server was the limit: it used more than 90 % of its CPUs.
 * - Other programs or the hypervisor took the CPUs (common/disturbed.h).
 * Where system calls are counted the last two do not matter. */
void crawl_judge(struct crawl_row *row, const struct crawl_facts *facts);

/* What the job takes where nothing but waiting takes time, in seconds. */
double crawl_ideal_s(const struct crawl_row *row);

/* The sum over the URLs of numbers 1 to N of target_digest(). */
uint64_t crawl_digest(unsigned wait_ms, uint64_t requests);

#endif
