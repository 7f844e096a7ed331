/* What every server says: bytes in, bytes out, never I/O.
 *
 * An app is a service (echo or HTTP) and a session is its conversation on one connection.
 * Whoever drives a session owns the socket and does the waiting; the session is handed what was
 * read and tells, through session_next(), what it needs next. That is the whole difference
 * between the models: the service is this object code in each of them, and no file of it
 * includes a header of sockets (a test sees to that).
 *
 *     for (;;)
 *         switch (session_next(s, now)) {
 *         case SESSION_READ:    space = session_space(s, &room); n = recv(space, room);
 *                               n > 0 ? session_received(s, n) : session_eof(s);      break;
 *         case SESSION_WRITE:   data = session_output(s, &length); n = send(data, length);
 *                               session_sent(s, n);                                    break;
 *         case SESSION_WAIT:    come back at s->wake_at                                break;
 *         case SESSION_CLOSE:   close                                                  return;
 *         case SESSION_LINGER:  close, but see below                                   return;
 *         }
 *
 * * Output is bounded: as long as a session has something to send it asks for SESSION_WRITE, and it
 * takes no input meanwhile. A client that never reads costs one or two buffers and, if it uploads,
 * a body of the size that the options allow, however much it sends.
 *
 * Time is the driver's. A connection that makes no progress for the idle timeout is over; progress
 * is what was sent, the first bytes of a request, and whatever changes `progress`. Bytes that only
 * make an unfinished head longer are none: a client that sends a byte a minute could hold a
 * connection for ever with them. */
#ifndef IOM_APP_H
#define IOM_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct counters;
struct session;
struct files;

enum session_want {
    SESSION_READ,  /* more input, or to be told of its end */
    SESSION_WRITE, /* its output taken */
    SESSION_WAIT,  /* to be asked again at wake_at, and neither input nor output before */
    SESSION_CLOSE, /* it is over and all output is taken: close the socket */
    /* The same, but the client may still be sending what nobody will read. A close would answer
     * that with a reset, which can destroy the answer on its way. So: shut down the sending
     * side, read and drop until the client closes or some time is over, then close (RFC 9112,
     * section 9.6). */
    SESSION_LINGER,
};

struct app_options {
    const struct files *files; /* served besides the fixed resources; NULL for none */
    size_t max_body;           /* the largest request body in bytes; larger ones are refused */
};

/* One service. Its functions are called through those below. */
struct app {
    const char *name;
    size_t session_size;
    void (*open)(struct session *s);
    void (*close)(struct session *s);
    enum session_want (*next)(struct session *s, uint64_t now);
    const uint8_t *(*output)(const struct session *s, size_t *length);
    void (*sent)(struct session *s, size_t n);
    bool (*idle)(const struct session *s);
    bool (*timed_out)(struct session *s);
};

/* The part that all services share; each puts it first in its own struct. */
struct session {
    const struct app *app;
    const struct app_options *options;
    struct counters *counters;
    struct buffer *in;  /* what was received and not yet used; NULL for nothing */
    struct buffer *out; /* what is to be sent; NULL for nothing */
    uint64_t wake_at;   /* after SESSION_WAIT: the moment, as clock_ns() counts */
    uint32_t progress;  /* changes whenever input was worth something: see below */
    bool eof;           /* the client has said that it sends no more */
    bool draining;      /* the server is about to stop: finish this request, then close */
    bool failed;        /* memory is out: close */
};

/* "echo" or "http"; NULL for any other name. */
const struct app *app_find(const char *name);

/* A new session, NULL when memory is out. `options` and `counters` must outlive it; the
 * counters are written by whoever calls the functions below. */
struct session *session_open(const struct app *app, const struct app_options *options,
                             struct counters *counters);
void session_close(struct session *s);

/* Do all that can be done without the socket, then tell what is needed. `now` as clock_ns(). */
enum session_want session_next(struct session *s, uint64_t now);

/* After SESSION_READ: where to put input, and how much (at least one byte). NULL when memory is
 * out. The space stays valid until session_received() or session_next(). */
void *session_space(struct session *s, size_t *room);
void session_received(struct session *s, size_t n);
void session_eof(struct session *s);

/* After SESSION_WRITE: what to send, at least one byte, and then how much of it was sent. */
const uint8_t *session_output(const struct session *s, size_t *length);
void session_sent(struct session *s, size_t n);

/* Nothing of a request has come and nothing is to be sent: a server that stops may close now.
 */
bool session_idle(const struct session *s);

/* The idle timeout has run out while the session wanted input. True if it has a last word to
 * say (ask session_next()), false if the connection is simply to be closed. */
bool session_timed_out(struct session *s);

/* The server stops: the session ends after the request it is at. */
void session_drain(struct session *s);

extern const struct app app_echo, app_http;

#endif
