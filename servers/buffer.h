/* Blocks of memory for data on its way in or out.
 *
 * * A connection owns a buffer only while there is something in it, so an idle connection of an event
 * loop costs none, and the loop uses the same few blocks, warm in its cache, for all connections. (A
 * model that blocks in recv has to hand it a buffer before there is anything to read.) Each thread keeps its own list of free blocks: nothing here is shared. */
#ifndef IOM_BUFFER_H
#define IOM_BUFFER_H

#include <stdint.h>

/* The most that one recv can take, and the high-water mark of a connection's output. Pages that
 * are never touched are never resident, so small messages do not pay for the size. */
#define BUFFER_SIZE 65536u

struct buffer {
    union {
        struct {
            uint32_t start, end; /* the bytes data[start .. end) are in use */
        };
        struct buffer *next; /* of a free block */
    };
    uint8_t data[BUFFER_SIZE];
};

/* An empty buffer, NULL when memory is out. */
struct buffer *buffer_take(void);

/* Give it back. NULL is allowed. */
void buffer_give(struct buffer *b);

/* Free what this thread keeps: to be called by a thread that ends. */
void buffer_clear_free_list(void);

#endif
