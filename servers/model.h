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

#include "servers/app/app.h"
#include "servers/app/count.h"

struct listeners;
struct option_row;
struct options;

/* What a model is given. All of it stays as it is while the model runs.
 *
 * Where a model has several workers, each is given one of its own (workers.h): the same but for
 * the counters, the number and, where each has its own, the listening sockets; in a process of its
 * own also for stop_fd. So whatever serves by a `struct server` serves in a worker just as well. */
struct server {
    const struct app *app;
    struct app_options app_options;
    struct counters *counters; /* the main thread's, or this worker's */
    /* What the server listens on: one socket for each address, so nearly always one. `listen_fd`
     * becomes readable when a connection waits: it is that one socket, or an epoll instance over
     * all of the sockets. net_accept() takes from any. */
    const struct listeners *listeners; /* all of all workers: net.h */
    int listen_fd;
    const int *sockets;
    unsigned socket_count;
    unsigned next_socket; /* net_accept()'s: which it tries next */
    bool is_unix;         /* a Unix-domain socket (then it is one) */
    int backlog;          /* the backlog that the user asked for */
    /* the smaller of the model's limit and the user's; 0 for none; over all workers */
    size_t max_connections;
    unsigned workers; /* how many there are to be; 1 where the model has none */
    unsigned worker;  /* this one's number, from 0 */

    /* Set by SIGTERM or SIGINT, in memory that all processes of the server share:
     * server_stopping() tells. Then stop_fd becomes readable and stays so, for loops that wait on
     * descriptors, and the listening sockets are shut down, so that a blocking accept returns. A
     * model then closes idle connections, finishes the others and returns. It need not watch the
     * time: when --drain is over, an alarm ends the process, connections and all. */
    atomic_int *stop_flag;
    atomic_int told_to_stop; /* this process alone, which is one of several */
    int stop_fd;
};

static inline bool server_stopping(const struct server *server)
{
    return atomic_load(server->stop_flag) != 0 || atomic_load(&server->told_to_stop) != 0;
}

/* To be called before the session has its say: an answer that is begun after a stop says so. */
static inline void session_heed_stop(struct session *s, const struct server *server)
{
    if (server_stopping(server))
        session_drain(s);
}

/* For model.workers: as many as there are CPUs that the process may run on. */
#define WORKERS_PER_CPU UINT32_MAX

/* The most that --workers takes. */
#define WORKERS_MAX 1024

/* The exit status of a server whose model cannot work on this system, or with this address. */
#define EXIT_UNSUPPORTED 3

struct model {
    const char *name;
    const char *summary; /* one line, no full stop */

    /* The most connections it can hold, the others being refused: accepted, closed and counted.
     * 0 where only descriptors, processes or memory limit it. Where the model's own options decide,
     * the function says so; else it is NULL. */
    size_t max_connections;
    size_t (*most_connections)(void);

    /* How many connections it serves at one time, the others waiting unanswered. 0: all it
     * holds. */
    size_t concurrency;

    /* The default of --workers, or WORKERS_PER_CPU; 0: the model has no workers, and
     * `no_workers` says why, as the end of a sentence that begins with "--workers: ". */
    unsigned workers;
    const char *no_workers;

    /* A worker serves one connection at a time, so that `concurrency` is their number. */
    bool worker_serves_one;

    /* Is the listening socket to be non-blocking? Event loops want it: a connection that was
     * reported may be gone when it is accepted (UNP, section 16.6). */
    bool nonblocking_accept;

    /* Does it use a thread or a process for each connection, with counters of its own? */
    bool counters_per_connection;

    /* Is each worker to have listening sockets of its own, by SO_REUSEPORT? */
    bool listens_each;

    /* Its own options, each with a variable or a function (common/command_line.h); or NULL. */
    const struct option_row *options;

    /* The names of counters.extra[], as the JSON line gives them: the sum over all slots, or
     * where the name begins with "max_" the largest. NULL for those not used. */
    const char *extra_counters[EXTRA_COUNTERS];

    /* Is there something that keeps it from working on this system, or with its own options? Then
     * write the reason to `why`, without the model's name or a full stop, and return true: the
     * program says so and exits with EXIT_UNSUPPORTED before it listens. What the function opens
     * to find out it closes again. NULL for never. */
    bool (*unsupported)(char *why, size_t size);

    /* Serve until told to stop. Ends the program with die_errno() where it cannot be set up. */
    void (*serve)(struct server *server);

    /* Both may be NULL, and both are called in signal handlers: async-signal-safe functions only.
     * stop: SIGTERM or SIGINT has come, and nobody listens any more. abort: the drain's time is
     * over, and the process ends after this. */
    void (*stop)(void);
    void (*abort)(void);
};

extern const struct model model;

static inline size_t model_most_connections(void)
{
    return model.most_connections ? model.most_connections() : model.max_connections;
}

#endif
