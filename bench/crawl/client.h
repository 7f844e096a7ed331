/* The programs that can do the job of a crawler: ours (clients/), and those of others, which a file
 * each below bench/external-clients describes:
 *
 *     [client]
 *     summary = Python aiohttp: one session, whose connector limits
 *     needs = python aiohttp           as in bench/external (plan/external.h)
 *     packages = python3-aiohttp
 *     first = {python} -B {here}/aiohttp_client.py --first     as its users first write it
 *     tuned = {python} -B {here}/aiohttp_client.py             tuned to C requests at once
 *     at_once = 1                      the most that it makes at once when it is tuned; default: C
 *
 * {python}, {here} and {program} are as in bench/external. Each client takes the options of our
 * clients -c, -n, --timeout, --expect-body, --events-fd and --json, and a URL with {i} in it, and
 * prints as JSON what ours print of "outcomes", "wall_s" and "requests".
 *
 * {clients} is the directory of our clients.
 *
 * Workers that a queue feeds are clients too: a file each below bench/queues, with a section
 * [queue] and `command` instead of `first` and `tuned`. Besides, they tell what the queue costs
 * ("empty_jobs_per_s", "latency_p50_us", "latency_p90_us"). */
#ifndef IOM_CRAWL_CLIENT_H
#define IOM_CRAWL_CLIENT_H

#include "bench/plan/models.h"

/* What is asked of a client of others. Ours know one way, CRAWL_TUNED. */
enum crawl_way { CRAWL_FIRST, CRAWL_TUNED, CRAWL_WAYS };
extern const char *const crawl_way_names[CRAWL_WAYS];

enum crawl_kind { CRAWL_OURS, CRAWL_EXTERNAL, CRAWL_QUEUE, CRAWL_KINDS };
extern const char *const crawl_kind_names[CRAWL_KINDS]; /* as in crawl.csv */

struct crawl_client {
    enum crawl_kind kind;
    /* name, path (of others {clients}), summary, unsupported; of others `external` with needs,
     * packages and, as its command, the tuned one */
    struct model model;
    char *first;                  /* NULL: there is no such way */
    unsigned at_once[CRAWL_WAYS]; /* the most requests it makes at once; 0: as many as asked */
};

struct crawl_clients {
    struct crawl_client *at;
    size_t count;
    const char *ours; /* the directory of ours; set by crawl_find_ours() */
};

/* Ask every program of the directory `dir` that describes itself as a client, in the order of the
 * textbook. The directory may be missing. */
void crawl_find_ours(struct crawl_clients *list, const char *dir);

/* Add those of others, or with `kind` CRAWL_QUEUE those that a queue feeds, by the files of `dir`,
 * in the order of their names. False with the first fault in `error`: the files that are right are
 * there all the same. */
bool crawl_find_externals(struct crawl_clients *list, enum crawl_kind kind, const char *dir,
                          char *error, size_t error_size);

/* Look whether each is installed. */
void crawl_look_up(struct crawl_clients *list);

/* Keep only those of the comma-separated `names`; "ours", "external" and "queues" stand for each
 * kind; NULL, "all": ours and external. False with one line in `error`. */
bool crawl_select(struct crawl_clients *list, const char *names, char *error,
                  size_t error_size);

/* The words that start it, to be freed with words_free(); NULL with one line in `error`. */
char **crawl_command(const struct crawl_client *c, enum crawl_way way, char *error,
                     size_t error_size);

/* "aiohttp", or "aiohttp (first)". Returns `out`. */
char *crawl_label(const char *name, enum crawl_way way, char out[64]);

void crawl_clients_free(struct crawl_clients *list);

#endif
