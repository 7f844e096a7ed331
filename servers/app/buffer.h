/* Blocks of memory for data on its way in or out.
 *
 * A connection owns a buffer only while there is something in it, so an idle connection of an event
 * loop costs none, and the loop uses the same few blocks, warm in its cache, for all connections.
 * (A model that blocks in recv has to hand it a buffer before there is anything to read.)
 *
 * Each thread keeps a few free blocks to itself, and a depot that all threads share holds the
 * others. Memory that went back to the system between two batches of requests would cost a page
 * fault for each page when it is taken again, and that can be dearer than the request. So the depot
 * keeps what the traffic needed lately. With every 65,536 blocks that are given back, by whichever
 * threads, half of those that lay in the depot all the while go back to the system, at most 256 at
 * one time. A server without traffic keeps what it has. */
#ifndef IOM_BUFFER_H
#define IOM_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* The most that one recv can take, and the high-water mark of a connection's output. Pages that
 * are never touched are never resident, so small messages do not pay for the size. */
#define BUFFER_SIZE 65536u

struct buffer {
    SLIST_ENTRY(buffer) link; /* of a free block, or in a chain */
    uint32_t start, end;      /* the bytes data[start .. end) are in use */
    uint8_t data[BUFFER_SIZE];
};

SLIST_HEAD(buffers, buffer);

/* An empty buffer, NULL when memory is out. */
struct buffer *buffer_take(void);

/* Give it back. NULL is allowed. */
void buffer_give(struct buffer *b);

/* Bring what this thread keeps to the depot: to be called by a thread that ends. */
void buffer_clear_free_list(void);

/* Bytes in a row of buffers, first in, first out. All zero is an empty one. */
struct chain {
    struct buffers buffers;
    struct buffer *last; /* of the buffers, where there are any */
    size_t length;
};

/* Add a copy of `n` bytes at the end. False when memory is out; a part may be added then. */
bool chain_append(struct chain *c, const uint8_t *data, size_t n);

/* The first bytes, as many as lie together: all of them, or at least BUFFER_SIZE where none were
 * dropped yet. The chain must not be empty. They stay where they are until they are dropped. */
const uint8_t *chain_front(const struct chain *c, size_t *n);

/* Drop the first `n` bytes, no more than there are. */
void chain_drop(struct chain *c, size_t n);

/* Drop all. */
void chain_clear(struct chain *c);

#endif
