#include "buffer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How many free blocks a thread keeps to itself. A turn of an event loop has one or two in its hands;
 * where it has many, they come from the depot and go there half so many at a time. */
#define KEEP 16

/* So many blocks are brought to the depot between two looks at how many of them nobody needs. */
#define BROUGHT_PER_LOOK 4096

static _Thread_local struct {
    struct buffer *first; /* the one given back last, which is the warmest */
    unsigned count;
} list;

static struct {
    pthread_mutex_t lock;
    struct buffer *first;
    unsigned count;
    unsigned spare; /* the fewest since the last look: nobody needed so many */
    unsigned brought;
} depot = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The link that ends the first `n` blocks of a list, or the list. */
static struct buffer **end_of(struct buffer **first, unsigned n)
{
    while (n-- > 0 && *first)
        first = &(*first)->next;
    return first;
}

static void fetch(void)
{
    pthread_mutex_lock(&depot.lock);
    unsigned n = depot.count < KEEP / 2 ? depot.count : KEEP / 2;
    struct buffer **end = end_of(&depot.first, n);
    list.first = depot.first;
    list.count = n;
    depot.first = *end;
    *(n > 0 ? end : &list.first) = NULL;
    depot.count -= n;
    if (depot.count < depot.spare)
        depot.spare = depot.count;
    pthread_mutex_unlock(&depot.lock);
}

/* Half of what nobody needs, from the end of the list, which has waited longest. The caller holds the
 * lock and frees it. */
static struct buffer *take_spare(void)
{
    unsigned kept = depot.count - (depot.spare + 1) / 2;
    struct buffer **end = end_of(&depot.first, kept), *spare = *end;
    *end = NULL;
    depot.count = depot.spare = kept;
    depot.brought = 0;
    return spare;
}

/* All but the first `kept` blocks of the thread's list. */
static void bring(unsigned kept)
{
    struct buffer **from = end_of(&list.first, kept), *spare = NULL;
    unsigned n = list.count - kept;
    if (n == 0)
        return;
    pthread_mutex_lock(&depot.lock);
    *end_of(from, n) = depot.first;
    depot.first = *from;
    depot.count += n;
    depot.brought += n;
    if (depot.brought >= BROUGHT_PER_LOOK)
        spare = take_spare();
    pthread_mutex_unlock(&depot.lock);
    *from = NULL;
    list.count = kept;
    while (spare) {
        struct buffer *next = spare->next;
        free(spare);
        spare = next;
    }
}

struct buffer *buffer_take(void)
{
    if (!list.first)
        fetch();
    struct buffer *b = list.first;
    if (b) {
        list.first = b->next;
        list.count--;
    } else if (!(b = malloc(sizeof *b))) {
        return NULL;
    }
    b->next = NULL;
    b->start = b->end = 0;
    return b;
}

void buffer_give(struct buffer *b)
{
    if (!b)
        return;
    if (list.count == KEEP)
        bring(KEEP / 2);
    b->next = list.first;
    list.first = b;
    list.count++;
}

void buffer_clear_free_list(void)
{
    bring(0);
}

bool chain_append(struct chain *c, const uint8_t *data, size_t n)
{
    while (n > 0) {
        struct buffer *b = c->last;
        if (!b || b->end == BUFFER_SIZE) {
            if (!(b = buffer_take()))
                return false;
            *(c->last ? &c->last->next : &c->first) = b;
            c->last = b;
        }
        size_t room = BUFFER_SIZE - b->end, part = n < room ? n : room;
        memcpy(b->data + b->end, data, part);
        b->end += (uint32_t)part;
        c->length += part;
        data += part;
        n -= part;
    }
    return true;
}

const uint8_t *chain_front(const struct chain *c, size_t *n)
{
    *n = c->first->end - c->first->start;
    return c->first->data + c->first->start;
}

void chain_drop(struct chain *c, size_t n)
{
    c->length -= n;
    while (n > 0) {
        struct buffer *b = c->first;
        size_t have = b->end - b->start, part = n < have ? n : have;
        b->start += (uint32_t)part;
        n -= part;
        if (b->start < b->end)
            return;
        c->first = b->next;
        if (!c->first)
            c->last = NULL;
        buffer_give(b);
    }
}

void chain_clear(struct chain *c)
{
    chain_drop(c, c->length);
}
