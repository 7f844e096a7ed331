/* The line of progress on a terminal: rewritten in place on standard error, gone at the end.
 *
 * The workers publish a few numbers some times a second, each its own; the main thread adds them
 * up. Where the line cannot be rewritten (common/terminal.h), or with --quiet, nobody publishes and
 * nothing is written. */
#ifndef IOM_LIVE_H
#define IOM_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How often a worker publishes, and how often the line is rewritten. */
#define LIVE_PUBLISH_NS UINT64_C(100000000)
#define LIVE_REWRITE_NS UINT64_C(500000000)

/* What one worker says of itself, counted since it began. */
struct live_numbers {
    _Atomic uint64_t ok, failed, in_flight;
};

struct live_sum {
    uint64_t ok, failed, in_flight;
};

struct live {
    bool on;
    uint64_t next; /* when the line is rewritten */
    uint64_t last_at, last_ok;
    bool written;
};

/* Is there to be a line? */
void live_init(struct live *live, bool quiet);

/* Rewrite the line if it is time: `sum` of all workers, `phase` what is going on, `elapsed` of
 * `total` nanoseconds of it done (CLOCK_NEVER where nobody knows). */
void live_show(struct live *live, uint64_t now, const struct live_sum *sum, const char *phase,
               uint64_t elapsed, uint64_t total);

/* Take the line away. */
void live_end(struct live *live);

#endif
