/* The contract between a model and the rest of a server.
 *
 * A model decides how the process learns that a socket is ready, and who runs the session:
 * nothing else. Its file under models/ defines the one object `model`; main.c does the rest:
 * options, the listening socket, signals, counters. */
#ifndef IOM_MODEL_H
#define IOM_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"

struct counters;

/* What a model is given. All of it stays as it is while the model runs, but for `stopping`. */
struct server {
    const struct app *app;
    struct app_options app_options;
    struct counters *counters; /* the main thread's */
    int listen_fd;
    int backlog;            /* what it was told to listen with */
    uint64_t idle_timeout;  /* ns; CLOCK_NEVER for none */
    size_t max_connections; /* the smaller of the model's limit and the user's; 0 for none */

    /* Set by SIGTERM or SIGINT. At the same moment stop_fd becomes readable, for loops that
     * wait on descriptors, and the listening socket is shut down, so that a blocking accept
     * returns. A model then closes idle connections, finishes the others and returns. It need
     * not watch the time: when --drain is over, an alarm ends the process, connections and all.
     */
    atomic_int stopping;
    int stop_fd;
};

struct model {
    const char *name;
    const char *summary; /* one line, no full stop */

    /* The most connections it can hold, the others being refused: accepted, closed and counted.
     * 0 where only descriptors, processes or memory limit it. */
    size_t max_connections;

    /* How many connections it serves at one time, the others waiting unanswered. 0: all it
     * holds. */
    size_t concurrency;

    /* Is the listening socket to be non-blocking? Event loops want it: a connection that was
     * reported may be gone when it is accepted (UNP, section 16.6). */
    bool nonblocking_accept;

    /* Does it use a thread or a process for each connection, with counters of its own? */
    bool counters_per_connection;

    /* Serve until told to stop. Ends the program with die_errno() where it cannot be set up. */
    void (*serve)(struct server *server);

    /* Both may be NULL, and both are called in signal handlers: async-signal-safe functions only.
     * stop: SIGTERM or SIGINT has come. abort: the drain's time is over, and the process ends after
     * this. */
    void (*stop)(void);
    void (*abort)(void);
};

extern const struct model model;

#endif
