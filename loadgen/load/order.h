/* --windows: what the main thread orders and the threads of the load do: one window after another,
 * which is open in all threads at the same time. Between two windows the threads rest. */
#ifndef IOM_ORDER_H
#define IOM_ORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct window_order {
    /* Written by the main thread while all threads rest, before `number`. */
    uint64_t opens_at, closes_at;
    _Atomic uint32_t number; /* of the window that is ordered; 0 before the first */
    _Atomic bool over;       /* there will be no other window */
    int rested_fd;           /* an eventfd: one added by each thread that has come to rest */
};

/* What a thread did from the moment when it got the order until it came to rest. */
struct window_span {
    uint64_t over_at;  /* when all was answered */
    uint64_t answered; /* good answers */
    uint64_t cpu_ns;
    uint64_t slept_ns; /* like record.slept_ns */
};

#endif
