/* Several workers of one server, as threads or as processes.
 *
 * A worker runs the model's function with a `struct server` of its own: the same but for the
 * counters, the number, and its listening socket where each has one. The function serves until
 * the server stops and returns. Worker processes are watched: one that dies is replaced, and
 * none outlives the parent.
 *
 *     static void serve(struct server *server)
 *     {
 *         workers_as_threads(server, loop);       or
 *         workers_as_processes(server, loop, NULL);
 *     }
 *     const struct model model = {..., .workers = WORKERS_PER_CPU,
 *                                 .stop = workers_stop, .abort = workers_abort};
 *
 * After a stop: the kernel resets who waits in the queue of a TCP socket, so no worker accepts
 * them. Who waits in the queue of a Unix-domain socket stays there. A worker thread may accept
 * such a client, and answers with a close; for that, one thread is started even where the stop
 * comes before the start. A worker process accepts nobody: the client's connection ends with
 * the socket. */
#ifndef IOM_WORKERS_H
#define IOM_WORKERS_H

#include "servers/model.h"

/* Run `run` in server->workers threads. Ends the program where one cannot be started. They have
 * all signals blocked: those are the main thread's.
 *
 * workers_as_threads() returns when all have returned. The other two are for a main thread that
 * has work of its own meanwhile: start, do it, then join. */
void workers_as_threads(struct server *server, void (*run)(struct server *worker));
void workers_start_threads(struct server *server, void (*run)(struct server *worker));
void workers_join_threads(void);

/* `run` calls this when it has what it needs from the system; waits until all threads have come so
 * far. Threads share one table of descriptors: a thread that accepts early could leave the others
 * none. Returns at once in a process. */
void workers_ready(void);

/* Run `run` in server->workers child processes, and return when the server has been told to stop
 * and all children have ended. Until then a child that ends, for whatever reason, is replaced,
 * with one line to stderr that says so. No child is started more often than once a second, so a
 * child that dies at once makes no fork storm. The counts of a dead child stay; connections that
 * died with it are counted as aborted. Its listening socket, and the queue of that socket, live on
 * in the parent.
 *
 * A child stops as a server does. SIGTERM may come from the parent or from anyone. Then
 * server_stopping() is true in the child, its own stop_fd is readable, and the signal's handler
 * calls `stop` (it may be NULL). A child is killed when its parent dies. `run` is called with
 * nothing blocked and no thread started. */
void workers_as_processes(struct server *server, void (*run)(struct server *worker),
                          void (*stop)(void));

/* The model's hooks `stop` and `abort`, needed where workers are processes and harmless where
 * they are threads: pass SIGTERM on to the children; kill them and wait for them. */
void workers_stop(void);
void workers_abort(void);

#endif
