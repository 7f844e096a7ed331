#include "common/timers.h"

#include <stdlib.h>

#include "common/clock.h"

static void place(struct timers *ts, size_t i, struct timer *t)
{
    ts->heap[i] = t;
    t->index = i;
}

static void sift_up(struct timers *ts, size_t i, struct timer *t)
{
    while (i > 0 && ts->heap[(i - 1) / 2]->at > t->at) {
        place(ts, i, ts->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(ts, i, t);
}

static void sift_down(struct timers *ts, size_t i, struct timer *t)
{
    for (size_t child; (child = 2 * i + 1) < ts->count; i = child) {
        if (child + 1 < ts->count && ts->heap[child + 1]->at < ts->heap[child]->at)
            child++;
        if (ts->heap[child]->at >= t->at)
            break;
        place(ts, i, ts->heap[child]);
    }
    place(ts, i, t);
}

static void restore(struct timers *ts, size_t i, struct timer *t)
{
    if (i > 0 && ts->heap[(i - 1) / 2]->at > t->at)
        sift_up(ts, i, t);
    else
        sift_down(ts, i, t);
}

int timers_set(struct timers *ts, struct timer *t, uint64_t at)
{
    if (t->index != TIMER_OFF) {
        t->at = at;
        restore(ts, t->index, t);
        return 0;
    }
    if (ts->count == ts->capacity) {
        size_t capacity = ts->capacity ? ts->capacity * 2 : 64;
        struct timer **heap = realloc(ts->heap, capacity * sizeof *heap);
        if (!heap)
            return -1;
        ts->heap = heap;
        ts->capacity = capacity;
    }
    t->at = at;
    sift_up(ts, ts->count++, t);
    return 0;
}

void timers_remove(struct timers *ts, struct timer *t)
{
    size_t i = t->index;
    if (i == TIMER_OFF)
        return;
    t->index = TIMER_OFF;
    struct timer *last = ts->heap[--ts->count];
    if (last != t)
        restore(ts, i, last);
}

uint64_t timers_next(const struct timers *ts)
{
    return ts->count ? ts->heap[0]->at : CLOCK_NEVER;
}

struct timer *timers_due(struct timers *ts, uint64_t now)
{
    if (!ts->count || ts->heap[0]->at > now)
        return NULL;
    struct timer *t = ts->heap[0];
    timers_remove(ts, t);
    return t;
}

void timers_free(struct timers *ts)
{
    free(ts->heap);
    *ts = (struct timers){0};
}
