/* A binary heap (Williams, "Algorithm 232: Heapsort", CACM 1964). */
#include "agenda.h"

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"
#include "common/err.h"

static struct entry *heap;
static size_t count, room;
static uint64_t added;

static bool before(const struct entry *a, const struct entry *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

void agenda_add(struct entry e)
{
    if (count == room) {
        room = room ? 2 * room : 1024;
        heap = xrealloc(heap, room * sizeof *heap);
    }
    e.order = added++;
    size_t i = count++;
    for (; i > 0 && before(&e, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = e;
}

uint64_t agenda_next(void)
{
    return count > 0 ? heap[0].due : CLOCK_NEVER;
}

struct entry agenda_take(void)
{
    struct entry first = heap[0];
    struct entry last = heap[--count];
    size_t i = 0;

    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}
