/* The engines: who does the I/O of a thread's connections.
 *
 * An engine moves bytes, and reports what happened to a table of functions. It does not know what
 * a request is, when a request is late, when the next one is due, or what is counted. All calls
 * for one `struct io` come from one thread. An engine reports only from within wait(), with one
 * exception: send() may report send_failed(). available() alone comes from the main thread, before
 * there are others. */
#ifndef IOM_ENGINE_H
#define IOM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/engine/coalesce.h"
#include "loadgen/engine/sources.h"
#include "loadgen/record/tally.h"

struct client_conn;
struct io;
struct options;
struct workload;

struct engine {
    const char *name;

    /* Does it work here? If not, says in `why` (`size` bytes) what is missing. NULL: always. */
    bool (*available)(char *why, size_t size);

    /* Set up io->state. Ends the program where the system refuses. */
    void (*create)(struct io *io);

    /* Begin to connect a closed connection to the run's address, without waiting. Returns 0
     * where it is connected already, EINPROGRESS where a later wait() will report connected() or
     * refused(), and any other errno where it failed. */
    int (*connect)(struct io *io, struct client_conn *c);

    /* Send what c->out and c->out_left, or c->pipeline, say, now or when there is room; advances
     * them. With a pipeline it is called once between two waits at the most. */
    void (*send)(struct io *io, struct client_conn *c);

    /* Close the socket of `c`. Nothing is reported for it any more. */
    void (*close)(struct io *io, struct client_conn *c);

    /* Sleep until something happens, at most until `deadline`, and report all that did. Sets
     * io->now before each report, and io->more. Returns early when io->wake_fd is readable. */
    void (*wait)(struct io *io, uint64_t deadline);

    /* Free io->state. The connections were closed before. */
    void (*destroy)(struct io *io);
};

/* What an engine reports; after each of these the connection may be closed (c->fd is then -1). */
struct engine_events {
    void (*connected)(struct io *io, struct client_conn *c);
    /* It could not connect: `error` is the errno. */
    void (*refused)(struct io *io, struct client_conn *c, int error);
    /* `size` bytes came in, at io->now. */
    void (*received)(struct io *io, struct client_conn *c, const char *data, size_t size);
    /* Bytes came in before the request that is on its way was sent: they are no answer to it. */
    void (*unasked)(struct io *io, struct client_conn *c);
    /* The server closed its side. */
    void (*ended)(struct io *io, struct client_conn *c);
    /* The socket failed with `error`. */
    void (*failed)(struct io *io, struct client_conn *c, int error);
    /* A send failed with `error`. The server may have answered before, as a server does that
     * refuses an upload. So the rest of the stream is still to be read: the engine goes on to
     * report the bytes and the end, and the end of the stream ends the connection. */
    void (*send_failed)(struct io *io, struct client_conn *c, int error);
};

/* What the engine of one thread works with. */
struct io {
    const struct engine *engine;
    void *state; /* the engine's */
    const struct engine_events *events;
    const struct options *options;
    struct workload *load;
    struct sources *sources; /* the run's */
    struct source_cursor source;
    struct client_conn *conns;
    uint32_t conn_count;
    unsigned thread; /* its number */
    int wake_fd;     /* an eventfd that others write to */

    uint64_t now; /* the last reading of the clock */
    bool more;    /* the last wait() may not have reported all there was */
    struct tally total;
    uint64_t unpaid;    /* bytes that were counted as sent and were not: the next ones pay */
    uint64_t in_flight; /* requests on their way */
    struct coalesce coalesce;

    uint64_t slept_ns; /* in waits that were allowed to sleep */
    uint64_t spun_ns;  /* in waits that were not, and found nothing, and between two such */
    bool idle;         /* the last wait was one of the latter */

    bool precise; /* a wait must end on time */
    /* Of an owner who must act on time, between two events too; NULL where nobody must. */
    uint64_t alarm_at;
    bool (*alarm)(void *owner); /* `now` is alarm_at or later. True if anything was sent */
    void (*awake)(void *owner); /* a wait is over, at `now` */
    void *owner;
};

/* Between two events, at io->now. True if anything was sent. */
static inline bool io_mind_alarm(struct io *io)
{
    return __builtin_expect(io->now >= io->alarm_at, 0) && io->alarm(io->owner);
}

/* For wait() of every engine: when the wait that begins now began. Between two waits that found
 * nothing nothing was done: that time is theirs as well. */
static inline uint64_t io_wait_begins(const struct io *io)
{
    return io->idle ? io->now : clock_ns();
}

/* The wait that began at `from` is over at io->now. It `found` something to do or did something by
 * itself; `slept`: it was allowed to. */
static inline void io_wait_over(struct io *io, uint64_t from, bool slept, bool found)
{
    if (slept)
        io->slept_ns += io->now - from;
    else if (!found)
        io->spun_ns += io->now - from;
    io->idle = !slept && !found;
}

extern const struct engine engine_epoll;
extern const struct engine engine_null; /* of --null: no sockets, answers from memory */
extern const struct engine engine_ring; /* only where it was built: IOM_HAVE_IO_URING */

/* For engines that send by a system call: send(2) all that `c` has to send. Returns false where the
 * socket has no room for the rest. */
bool engine_send(struct io *io, struct client_conn *c);

/* For engines that count bytes when they queue them: `size` more. */
void engine_count_sent(struct io *io, size_t size);

/* For close() of every engine: close `fd` as --close says. */
void engine_close_socket(const struct io *io, int fd);

/* The values of --engine. */
enum engine_choice { ENGINE_AUTO, ENGINE_EPOLL, ENGINE_IO_URING };

/* The engine to use. AUTO: io_uring where it works; else epoll, with one line to stderr that
 * says why. IO_URING where it does not work ends the program. */
const struct engine *engine_choose(enum engine_choice choice);

#endif
