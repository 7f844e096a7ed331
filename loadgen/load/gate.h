/* What a run waits for between its last connection and its first request.
 *
 * Without a gate the load begins as soon as every connection was tried. With one it begins at a
 * moment that somebody else names, when all of several generators have their connections. */
#ifndef IOM_GATE_H
#define IOM_GATE_H

#include <stdbool.h>

struct run;

struct gate {
    /* Called in the main thread when every connection was tried; the other threads wait. Sets
     * run->start_ns, in time of CLOCK_MONOTONIC: the window is planned from there, however late
     * the threads come. False: there is to be no load, and run->called_off says why; it is empty
     * where a signal ended the run, which is readable at `signal_fd` then, or
     * run->moments.stopped is set. */
    bool (*wait)(struct gate *gate, struct run *run, int signal_fd);
};

/* --gate: a line "start NS" on standard input names the moment, in nanoseconds since 1970, the
 * clock of date +%s%N. */
extern struct gate gate_input;

#endif
