/* What the server did, counted and timed by itself. */
#ifndef IOM_REFERENCE_JOURNAL_H
#define IOM_REFERENCE_JOURNAL_H

#include <stdint.h>

#include "common/histogram.h"
#include "faults.h"

struct journal {
    uint64_t accepted, closed;  /* connections; closed by either side */
    uint64_t requests;          /* read */
    uint64_t answered;          /* with the whole right answer, sent to the last byte */
    uint64_t stalled;           /* whose answer the stall put off */
    uint64_t bad_requests;      /* not understood; their connection is closed */
    uint64_t lost;              /* connections whose answers could not be sent */
    uint64_t heard;             /* connections on which at least a byte came */
    uint64_t faults[FAULTS];    /* [0] is unused */
    uint64_t first_at, last_at; /* arrivals */
    /* Of answers that were right: request read -> answer sent, and due -> answer sent. */
    struct histogram delay, lateness;
};

extern struct journal journal;

void journal_open(void);

/* A request was read just now. */
void journal_arrival(void);

/* Write the line of JSON, as it is by now, to standard output. */
void journal_print(void);

/* Write the same and the file of arrivals. */
void journal_close(void);

#endif
