/* A scenario of the job of a crawler, in a file:
 *
 *     [crawl]
 *     name = crawl
 *     question = Which way of waiting does a client with many requests need?
 *     expect = What one should see; a line that begins with a space goes on.
 *     clients = all            ours, external, or names; default: all that are installed
 *     ways = tuned             of the clients of others: first, tuned or both
 *     concurrency = 1, 10      C: requests at once
 *     rounds = 20              N = C times so many
 *     wait = 50                ms that the server takes for an answer
 *     repetitions = 1
 *     count_at = 100           system calls are counted there, in a job more; 0: nowhere */
#ifndef IOM_CRAWL_SCENARIO_H
#define IOM_CRAWL_SCENARIO_H

#include "bench/crawl/client.h"

enum { CRAWL_POINTS_MAX = 16, CRAWL_CONCURRENCY_MAX = 10000 };

struct crawl_scenario {
    char *name;
    char *question;
    char *expect;
    char *clients;
    bool ways[CRAWL_WAYS];
    unsigned concurrency[CRAWL_POINTS_MAX];
    size_t points;
    unsigned rounds;
    unsigned wait_ms;
    unsigned repetitions;
    unsigned count_at;
    char *text; /* the file as it was read */
};

/* False with one line in `error`. Free it in both cases. */
bool crawl_scenario_read(const char *file, struct crawl_scenario *s, char *error, size_t size);
void crawl_scenario_free(struct crawl_scenario *s);

/* "1, 10, 100", ascending; false where it is no such list. */
bool crawl_points_parse(struct crawl_scenario *s, const char *value);

#endif
