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
    struct buffers blocks; /* the last one given back is the warmest, and comes first */
    unsigned count;
    unsigned given; /* since the last visit to the depot */
} list;

static struct {
    pthread_mutex_t lock;
    struct buffers blocks;
    unsigned count;
    unsigned spare; /* the fewest since the last look: nobody needed so many */
    unsigned given; /* since the last look */
} depot = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Move the first `n` blocks, which come to lie in the opposite order. */
static void move(struct buffers *from, struct buffers *to, unsigned n)
{
    for (; n > 0; n--) {
        struct buffer *b = SLIST_FIRST(from);
        SLIST_REMOVE_HEAD(from, link);
        SLIST_INSERT_HEAD(to, b, link);
    }
}

static void fetch(void)
{
    pthread_mutex_lock(&depot.lock);
    list.count = depot.count < KEEP / 2 ? depot.count : KEEP / 2;
    move(&depot.blocks, &list.blocks, list.count);
    depot.count -= list.count;
    if (depot.count < depot.spare)
        depot.spare = depot.count;
    pthread_mutex_unlock(&depot.lock);
}

/* Move half of what nobody needs. The caller holds the lock, and frees it. */
static void take_spare(struct buffers *spare)
{
    unsigned half = (depot.spare + 1) / 2, n = half < FREED_PER_LOOK ? half : FREED_PER_LOOK;
    move(&depot.blocks, spare, n);
    depot.count -= n;
    depot.spare = depot.count;
    depot.given = 0;
}

/* Bring all but the first `kept` blocks of the thread's list to the depot. */
static void visit(unsigned kept)
{
    struct buffers warm = SLIST_HEAD_INITIALIZER(warm), spare = SLIST_HEAD_INITIALIZER(spare);
    unsigned n = list.count - kept;
    move(&list.blocks, &warm, n > 0 ? kept : 0);
    pthread_mutex_lock(&depot.lock);
    move(&list.blocks, &depot.blocks, n);
    depot.count += n;
    depot.given += list.given;
    if (depot.given >= GIVES_PER_LOOK)
        take_spare(&spare);
    pthread_mutex_unlock(&depot.lock);
    move(&warm, &list.blocks, n > 0 ? kept : 0);
    list.count = kept;
    list.given = 0;
    for (struct buffer *b; (b = SLIST_FIRST(&spare));) {
        SLIST_REMOVE_HEAD(&spare, link);
        /* free() alone would keep the pages where a block in use lies behind this one. */
        pages_give_back(b, sizeof *b);
        free(b);
    }
}

struct buffer *buffer_take(void)
{
    if (SLIST_EMPTY(&list.blocks))
        fetch();
    struct buffer *b = SLIST_FIRST(&list.blocks);
    if (b) {
        SLIST_REMOVE_HEAD(&list.blocks, link);
        list.count--;
    } else if (!(b = malloc(sizeof *b))) {
        return NULL;
    }
    b->start = b->end = 0;
    return b;
}

void buffer_give(struct buffer *b)
{
    if (!b)
        return;
    if (list.count == KEEP)
        visit(KEEP / 2);
    SLIST_INSERT_HEAD(&list.blocks, b, link);
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
        if (SLIST_EMPTY(&c->buffers) || b->end == BUFFER_SIZE) {
            if (!(b = buffer_take()))
                return false;
            if (SLIST_EMPTY(&c->buffers))
                SLIST_INSERT_HEAD(&c->buffers, b, link);
            else
                SLIST_INSERT_AFTER(c->last, b, link);
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
    const struct buffer *b = SLIST_FIRST(&c->buffers);
    *n = b->end - b->start;
    return b->data + b->start;
}

void chain_drop(struct chain *c, size_t n)
{
    c->length -= n;
    while (n > 0) {
        struct buffer *b = SLIST_FIRST(&c->buffers);
        size_t have = b->end - b->start, part = n < have ? n : have;
        b->start += (uint32_t)part;
        n -= part;
        if (b->start < b->end)
            return;
        SLIST_REMOVE_HEAD(&c->buffers, link);
        buffer_give(b);
    }
}

void chain_clear(struct chain *c)
{
    chain_drop(c, c->length);
}
