/* The engines: who does the I/O of a worker's connections.
 *
 * An engine moves bytes and reports what happened to the functions of client_conn.h; what a
 * request is, when it is late, and what is counted as what is not its business. All calls for
 * one worker come from that worker's thread, and an engine reports only from within wait(),
 * with one exception: send() may report conn_send_failed(). available() alone comes from the main
 * thread, before there are workers. */
#ifndef IOM_ENGINE_H
#define IOM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct worker;
struct client_conn;

struct engine {
    const char *name;

    /* Does it work here? If not, says in `why` (`size` bytes) what is missing. NULL: always. */
    bool (*available)(char *why, size_t size);

    /* Set up worker->engine_state. Ends the program where the system refuses. */
    void (*create)(struct worker *w);

    /* Begin to connect a closed connection to the run's address, without waiting. Returns 0
     * where it is connected already, EINPROGRESS where a later wait() will tell by
     * conn_connected() or conn_refused(), and any other errno where it failed. */
    int (*connect)(struct worker *w, struct client_conn *c);

    /* Send what c->out and c->out_left, or c->pipeline, say, now or when there is room; advances
     * them. With a pipeline it is called once between two waits at the most. */
    void (*send)(struct worker *w, struct client_conn *c);

    /* Close the socket of `c`. Nothing is reported for it any more. */
    void (*close)(struct worker *w, struct client_conn *c);

    /* Sleep until something happens, at most until `deadline`, and report all that did. Sets
     * worker->now before each report, and worker->more: may there be more than was reported?
     * Returns early when the worker's wake descriptor is readable. */
    void (*wait)(struct worker *w, uint64_t deadline);

    /* Free worker->engine_state. The connections were closed before. */
    void (*destroy)(struct worker *w);
};

extern const struct engine engine_epoll;
extern const struct engine engine_null;     /* of --null: no sockets, answers from memory */
extern const struct engine engine_io_uring; /* only where it was built: IOM_HAVE_IO_URING */

/* For connect() of every engine: open the socket of `c` into c->fd, from the next source address,
 * and begin to connect it. Returns 0 where it is connected, EINPROGRESS, or another errno, and
 * then nothing is open. Ends the program where descriptors are out. */
int engine_open(struct worker *w, struct client_conn *c);

/* For engines that send by a system call: send(2) as much as goes of what `c` has to send. The
 * return value is send's; engine_sent() advances. */
ssize_t engine_send_some(struct client_conn *c);
void engine_sent(struct client_conn *c, size_t size);

/* For close() of every engine: close `fd` as --close says. */
void engine_close_socket(const struct worker *w, int fd);

/* The values of --engine. */
enum engine_choice { ENGINE_AUTO, ENGINE_EPOLL, ENGINE_IO_URING };

/* The engine to use. AUTO: io_uring where it works; else epoll, with one line to stderr that
 * says why. IO_URING where it does not work ends the program. */
const struct engine *engine_choose(enum engine_choice choice);

#endif
