/* What a request makes a server do, as counts: the input of the cost model. */
#ifndef IOM_WORK_H
#define IOM_WORK_H

#include "bench/base/protocol.h"
#include "bench/base/system_calls.h"

/* All counts are for each request. */
struct work {
    enum protocol protocol;
    unsigned connections;
    double calls[CALL_COUNT]; /* system calls by name */
    double system_calls;      /* all of them, also those without a name here */
    double switches;          /* context switches */
    double processes;         /* of the server */
    double threads;           /* of all its processes */
    double wakings;           /* of a thread of its clients, on another CPU */
    double faults;            /* minor page faults */
    double events;            /* that its waits brought; NaN: the server does not tell */
    double empties;   /* reads, writes and accepts that found nothing to do; NaN: not told */
    double bytes_in;  /* of a request */
    double bytes_out; /* of an answer */
    double asked_ns;  /* CPU time that the request itself asks for: /cpu/MICROSECONDS */
};

#endif
