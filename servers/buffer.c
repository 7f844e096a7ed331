#include "buffer.h"

#include <stddef.h>
#include <stdlib.h>

/* How many free blocks a thread keeps. A turn of an event loop has one or two in its hands; the
 * rest are connections whose peer is slow, and that memory had better go back. */
#define KEEP 16

static _Thread_local struct buffer *free_list;
static _Thread_local unsigned free_count;

struct buffer *buffer_take(void)
{
    struct buffer *b = free_list;
    if (b) {
        free_list = b->next;
        free_count--;
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
    if (free_count == KEEP) {
        free(b);
        return;
    }
    b->next = free_list;
    free_list = b;
    free_count++;
}

void buffer_clear_free_list(void)
{
    while (free_list) {
        struct buffer *next = free_list->next;
        free(free_list);
        free_list = next;
    }
    free_count = 0;
}
