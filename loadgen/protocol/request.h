/* One request that is on its way: what has to be known when its answer comes. */
#ifndef IOM_REQUEST_H
#define IOM_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

/* Moments are times of clock_ns(). */
struct request {
    uint64_t sent;     /* handed to the engine */
    uint64_t intended; /* open loop: when it was due */
    uint64_t begins;   /* --pipeline: in the bytes of all requests, where its own begin */
    uint32_t choice;   /* the protocol's: which request it is */
    bool counted;      /* open loop: it is one of the window's */
};

#endif
