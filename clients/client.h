/* The contract between a model of the client side and the frame around it.
 *
 * A model decides how a client with many requests waits for their answers: nothing else. Its file
 * under models/ defines the one object `client`; main.c does the rest: options, the clock, the
 * report. */
#ifndef IOM_CLIENT_H
#define IOM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "clients/job/job.h"

struct option_row;

/* The exit status of a client whose model cannot work on this system. */
#define EXIT_UNSUPPORTED 3

/* The exit status where a request has failed. */
#define EXIT_FAILED 5

struct client {
    const char *name;
    const char *summary; /* one line, no full stop */

    /* The most requests at once, where something else than descriptors and memory limits them; 0:
     * nothing does. 1: it makes one request at a time, whatever it is asked for. */
    unsigned max_concurrency;

    /* Each request has a connection of its own, also without --close. */
    bool keeps_none;

    /* It makes a request once more where a kept connection was closed (drive/conn.h), as all do,
     * and cannot tell how often. */
    bool hides_repeats;

    /* Its own options (common/command_line.h); or NULL. */
    const struct option_row *options;

    /* Is there something that keeps it from working on this system? Then write the reason to `why`,
     * without the model's name or a full stop, and return true. NULL for never. */
    bool (*unsupported)(char *why, size_t size);

    /* Make all requests of the job, and return when all have ended. Worker number i of those that
     * the model has, or connection i, counts in job->tallies[i]. Ends the program with die_errno()
     * where it cannot be set up. */
    void (*run)(struct job *job);
};

extern const struct client client;

#endif
