/* Calls of liburing that wait where memory is still locked by a ring that was closed: see
 * common/locked_memory.h. Only for files that are built with liburing. */
#ifndef IOM_RING_SETUP_H
#define IOM_RING_SETUP_H

#include <liburing.h>
#include <stdint.h>

#include "common/locked_memory.h"

/* As io_uring_queue_init_params(3). */
static inline int ring_setup(unsigned entries, struct io_uring *io,
                             struct io_uring_params *params)
{
    uint64_t since = 0;
    int result;
    do
        result = io_uring_queue_init_params(entries, io, params);
    while (locked_memory_may_come(result, &since));
    return result;
}

/* As io_uring_register_buf_ring(3). */
static inline int ring_setup_buffers(struct io_uring *io, struct io_uring_buf_reg *reg)
{
    uint64_t since = 0;
    int result;
    do
        result = io_uring_register_buf_ring(io, reg, 0);
    while (locked_memory_may_come(result, &since));
    return result;
}

#endif
