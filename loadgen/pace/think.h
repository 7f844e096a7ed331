/* Connections that pause between an answer and the next request (--think), by when they go on:
 * a binary heap. */
#ifndef IOM_THINK_H
#define IOM_THINK_H

#include <stdbool.h>
#include <stdint.h>

struct client_conn;

struct think {
    uint64_t mean_ns;
    bool exponential; /* else every pause is `mean_ns` */

    /* Private: */
    uint64_t random;
    uint32_t count;
    struct client_conn **heap; /* by c->since; c->thinks is the place of `c` plus 1 */
};

/* For up to `connections`. The pauses depend on `seed` and the number of the thread. */
struct think *think_create(uint64_t mean_ns, bool exponential, uint64_t seed, uint32_t thread,
                           uint32_t connections);

void think_free(struct think *t);

/* `c` pauses from `now` on. */
void think_begin(struct think *t, struct client_conn *c, uint64_t now);

/* `c` pauses no more. */
void think_cancel(struct think *t, struct client_conn *c);

/* When the next one goes on, CLOCK_NEVER where none pauses. */
uint64_t think_next(const struct think *t);

/* Take one whose pause is over at `now`; NULL if there is none. */
struct client_conn *think_over(struct think *t, uint64_t now);

#endif
