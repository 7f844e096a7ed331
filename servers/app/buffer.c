#include "servers/app/buffer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/pages.h"

/* How many free blocks a thread keeps to itself. A turn of an event loop has one or two in its
 * hands; where it has many, they come from the depot and go there half so many at a time. */
#define KEEP 16

/* A thread tells the depot at least once in so many gives that it is at work. */
#define GIVES_PER_VISIT 256

/* So many blocks are given back, by all threads, between two looks at how many of the depot's
 * nobody needs. One round of large uploads on many connections gives thousands of them back. */
#define GIVES_PER_LOOK 65536

/* The most that one look takes from the depot: it is a request that waits meanwhile. */
#define FREED_PER_LOOK 256

static _Thread_local struct {
    struct buffer *first; /* the one given back last, which is the warmest */
    unsigned count;
    unsigned given; /* since the last visit to the depot */
} list;

static struct {
    pthread_mutex_t lock;
    struct buffer *first;
    unsigned count;
    unsigned spare; /* the fewest since the last look: nobody needed so many */
    unsigned given; /* since the last look */
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

/* Half of what nobody needs, in a list. The caller holds the lock and frees it. */
static struct buffer *take_spare(void)
{
    unsigned half = (depot.spare + 1) / 2, n = half < FREED_PER_LOOK ? half : FREED_PER_LOOK;
    struct buffer *spare = depot.first, **end = end_of(&spare, n);
    depot.first = *end;
    *end = NULL;
    depot.count -= n;
    depot.spare = depot.count;
    depot.given = 0;
    return spare;
}

/* Bring all but the first `kept` blocks of the thread's list to the depot. */
static void visit(unsigned kept)
{
    struct buffer **from = end_of(&list.first, kept), *spare = NULL;
    unsigned n = list.count - kept;
    pthread_mutex_lock(&depot.lock);
    if (n > 0) {
        *end_of(from, n) = depot.first;
        depot.first = *from;
        depot.count += n;
    }
    depot.given += list.given;
    if (depot.given >= GIVES_PER_LOOK)
        spare = take_spare();
    pthread_mutex_unlock(&depot.lock);
    *from = NULL;
    list.count = kept;
    list.given = 0;
    while (spare) {
        struct buffer *next = spare->next;
        /* free() alone would keep the pages where a block in use lies behind this one. */
        pages_give_back(spare, sizeof *spare);
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
        visit(KEEP / 2);
    b->next = list.first;
    list.first = b;
    list.count++;
    if (++list.given == GIVES_PER_VISIT)
        visit(list.count);
}

void buffer_clear_free_list(void)
{
    visit(0);
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
