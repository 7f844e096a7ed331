/* What the command line asks for. */
#ifndef IOM_REFERENCE_SETTINGS_H
#define IOM_REFERENCE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "faults.h"

#define MAX_LANES 1024

enum split { SPLIT_NONE, SPLIT_TWO, SPLIT_BYTES };

struct settings {
    struct addr listen;
    uint64_t accept;                /* connections accepted at most */
    uint64_t delay_ns;              /* of every answer */
    uint64_t slow_every, slow_ns;   /* 0: none is slow */
    uint64_t stall_at_ns, stall_ns; /* the one stall, after the first request; 0: none */
    uint64_t service_ns;            /* FIFO: exact service time; 0: not FIFO */
    uint32_t lanes;                 /* FIFO: servers, each with a queue of its own */
    uint64_t fault_every[FAULTS];   /* 0: never */
    uint64_t fault_phase[FAULTS];   /* the remainder that is hit */
    enum split split;
    uint64_t pause_ns;    /* between two pieces of an answer */
    uint32_t coalesce;    /* answers of a connection sent together */
    size_t body;          /* bytes of it */
    const char *arrivals; /* a file for the moments of arrival, or NULL */
    bool spin;            /* never sleep */
};

extern struct settings settings;

/* Does not return on --help or a usage error. */
void settings_parse(int argc, char **argv);

#endif
