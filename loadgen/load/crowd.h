/* The members of the background (background.h): how each behaves. One thread's, with an epoll
 * instance of its own; slow members take a step every so often, in a queue in order of time. */
#ifndef IOM_CROWD_H
#define IOM_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine/sources.h"
#include "loadgen/load/background.h"

struct member;

struct crowd {
    struct background *b;
    struct source_cursor cursor;
    int epoll_fd;
    struct member *members;
    struct member *head, *tail; /* those that are to take a step, in order of time */
    uint32_t untried;           /* whose first attempt to connect has not ended */
    bool stopped;
};

/* Make the members that `*b` counts; they are opened in the turns that follow. When each was tried,
 * b->ready_fd is told. Ends the program where the system refuses. */
void crowd_init(struct crowd *crowd, struct background *b);

/* Wait for something to do, and do it. Sets `stopped` when b->stop_fd is readable. */
void crowd_turn(struct crowd *crowd);

/* Close all, and free what crowd_init() made. */
void crowd_free(struct crowd *crowd);

#endif
