#include "loadgen/pace/think.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/random.h"
#include "loadgen/load/client_conn.h"

/* Of the random numbers: apart from those that make the arrivals and the mix. */
#define STREAM (UINT64_C(1) << 32)

struct think *think_create(uint64_t mean_ns, bool exponential, uint64_t seed, uint32_t thread,
                           uint32_t connections)
{
    struct think *t = xcalloc(1, sizeof *t);
    t->mean_ns = mean_ns;
    t->exponential = exponential;
    t->random = random_stream(seed, STREAM + thread);
    t->heap = xcalloc(connections, sizeof(struct client_conn *));
    return t;
}

void think_free(struct think *t)
{
    if (t)
        free(t->heap);
    free(t);
}

static void put(struct think *t, uint32_t place, struct client_conn *c)
{
    t->heap[place] = c;
    c->thinks = place + 1;
}

/* Put `c` where it belongs, `place` or above it. */
static void sift_up(struct think *t, uint32_t place, struct client_conn *c)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        if (t->heap[parent]->since <= c->since)
            break;
        put(t, place, t->heap[parent]);
        place = parent;
    }
    put(t, place, c);
}

/* The same, `place` or below it. */
static void sift_down(struct think *t, uint32_t place, struct client_conn *c)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= t->count)
            break;
        if (child + 1 < t->count && t->heap[child + 1]->since < t->heap[child]->since)
            child++;
        if (t->heap[child]->since >= c->since)
            break;
        put(t, place, t->heap[child]);
        place = child;
    }
    put(t, place, c);
}

void think_begin(struct think *t, struct client_conn *c, uint64_t now)
{
    double mean = (double)t->mean_ns;
    uint64_t pause =
        t->exponential ? (uint64_t)(mean * random_exponential(&t->random)) : t->mean_ns;
    c->since = clock_after(now, pause);
    sift_up(t, t->count++, c);
}

void think_cancel(struct think *t, struct client_conn *c)
{
    uint32_t place = c->thinks - 1;
    struct client_conn *last = t->heap[--t->count];

    c->thinks = 0;
    if (last == c)
        return;
    if (last->since < c->since)
        sift_up(t, place, last);
    else
        sift_down(t, place, last);
}

uint64_t think_next(const struct think *t)
{
    return t->count ? t->heap[0]->since : CLOCK_NEVER;
}

struct client_conn *think_over(struct think *t, uint64_t now)
{
    if (t->count == 0 || t->heap[0]->since > now)
        return NULL;
    struct client_conn *c = t->heap[0];
    think_cancel(t, c);
    return c;
}
