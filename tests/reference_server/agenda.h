/* What the server has to do at a later moment, in order of time. */
#ifndef IOM_REFERENCE_AGENDA_H
#define IOM_REFERENCE_AGENDA_H

#include <stdint.h>

#include "faults.h"

enum deed {
    DEED_ANSWER, /* treat a request */
    DEED_PIECE,  /* send the next piece of an answer */
    DEED_LISTEN, /* listen again */
};

struct entry {
    uint64_t due;   /* CLOCK_MONOTONIC, ns */
    uint64_t order; /* the agenda's: entries of one moment stay in the order they were added */
    uint64_t read_at; /* when the request had been read */
    uint64_t number;  /* of the request, from 1 */
    uint64_t serial;  /* of the connection: a descriptor may have become another one's */
    int fd;
    enum deed deed;
    enum fault fault;
};

void agenda_add(struct entry e);

/* The moment of the next entry, CLOCK_NEVER where there is none. */
uint64_t agenda_next(void);

/* Take the next entry; there must be one. */
struct entry agenda_take(void);

#endif
