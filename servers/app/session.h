/* The conversation on one connection: bytes in, bytes out and time, never I/O.
 *
 * A driver owns the socket: it reads, writes and waits. The session is told what was read, what was
 * sent and what time it is; session_next() answers with the one thing that comes next:
 *
 *     for (;;)
 *         switch (session_next(s, now)) {
 *         case SESSION_READ:   space = session_space(s, &room); n = recv(space, room);
 *                              n > 0 ? session_received(s, n, now) : session_eof(s);     break;
 *         case SESSION_WRITE:  data = session_output(s, &length); n = send(data, length);
 *                              session_sent(s, n, now);                                  break;
 *         case SESSION_WAIT:   sleep until session_deadline(s); session_expired(s, now); break;
 *         case SESSION_SHUT:   shutdown(SHUT_WR); session_shut(s, now);                  break;
 *         case SESSION_CLOSE:  close                                                     return;
 *         }
 *
 * A driver that waits in recv or send waits until session_deadline(s) at the most, and then calls
 * session_expired(s, now). All times are clock_ns(), read by the driver.
 *
 * Output is bounded: as long as a session has something to send it asks for SESSION_WRITE, and it
 * takes no input meanwhile. A client that never reads costs one or two buffers and, if it uploads,
 * a body of the size that the options allow, however much it sends.
 *
 * The rules of time, all of them in session.c:
 *
 * 1. A connection that makes no progress for the idle timeout is over. Progress is what was sent,
 *    the first bytes of a request, its complete head, and each piece of its body. Bytes that only
 *    make an unfinished head longer are none: a client that sends a byte a minute could hold a
 *    connection for ever with them.
 * 2. A session that waits in the middle of a request may have a last word to say, which then has
 *    an idle timeout of its own.
 * 3. A close while the client may still be sending would be answered with a reset, which can
 *    destroy the answer on its way. So the sending side is shut down first, and what comes is
 *    dropped until the client closes, or until some seconds are over (RFC 9112, section 9.6).
 * 4. A server that stops lets each session finish the request it is at. An idle session is over as
 *    soon as all that came before the stop has been read. */
#ifndef IOM_SESSION_H
#define IOM_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct app_options;
struct buffer;
struct counters;

enum session_want {
    SESSION_READ,  /* more input, or to be told of its end */
    SESSION_WRITE, /* its output taken */
    SESSION_WAIT,  /* its deadline to come, and neither input nor output before */
    SESSION_SHUT,  /* the sending side of the socket shut down */
    SESSION_CLOSE, /* it is over and all output is taken: close the socket */
};

/* The part that all services share; each puts it first in its own struct. */
struct session {
    const struct app *app;
    const struct app_options *options;
    struct counters *counters;
    struct buffer *in;  /* received and not yet used; NULL for nothing */
    struct buffer *out; /* to be sent; NULL for nothing */
    uint64_t active_at; /* when it last made progress */
    uint64_t wake_at; /* the service's: with SESSION_WAIT, until when; then the linger's end */
    uint8_t want;     /* enum session_want: what session_next() said last */
    bool progress;    /* the service's: input was worth something */
    bool eof;         /* the client has said that it sends no more */
    bool draining;    /* the server is about to stop: finish this request, then close */
    bool dry;         /* the socket is empty, as far as the driver knows */
    bool lingering;   /* the sending side is shut down */
    bool over;        /* its time is over, it is broken, or memory is out: close */
};

/* A new session, NULL when memory is out. `options` and `counters` must outlive it; the
 * counters are written by the thread that calls the functions below. */
struct session *session_open(const struct app *app, const struct app_options *options,
                             struct counters *counters, uint64_t now);
void session_close(struct session *s);

/* Do all that can be done without the socket, then tell what is needed. */
enum session_want session_next(struct session *s, uint64_t now);

/* After SESSION_READ: where to put input, and how much (at least one byte). NULL when memory is
 * out. The space stays valid until session_received() or session_next(). */
void *session_space(struct session *s, size_t *room);
void session_received(struct session *s, size_t n, uint64_t now);
void session_eof(struct session *s);

/* After SESSION_WRITE: what to send, at least one byte, and then how much of it was sent. */
const uint8_t *session_output(const struct session *s, size_t *length);
void session_sent(struct session *s, size_t n, uint64_t now);

/* The same output in the block that it was written to. The block is the caller's, who gives it
 * back with buffer_give(), and the output counts as sent. NULL where the output lies elsewhere. */
struct buffer *session_take_output(struct session *s, uint64_t now);

/* For drivers that call session_sent() before the kernel has sent the bytes. session_unsent(): the
 * client did not read, the bytes still wait, and the idle timeout runs as in SESSION_WRITE.
 * session_alive(): a part of the bytes has gone out, which is progress. */
void session_unsent(struct session *s);
void session_alive(struct session *s, uint64_t now);

/* After SESSION_SHUT. */
void session_shut(struct session *s, uint64_t now);

/* The connection is broken, or there is no memory for it: session_next() says SESSION_CLOSE. */
void session_abort(struct session *s);

/* When the session is to be looked at although its socket is silent; CLOCK_NEVER for never. The
 * deadline moves with all of the functions above. */
uint64_t session_deadline(const struct session *s);

/* Time has passed. False where the deadline has not come: it was moved meanwhile. Else ask
 * session_next(). What has come to the socket in time is to be read before this. */
bool session_expired(struct session *s, uint64_t now);

/* The server stops: the session ends after the request it is at. To be called before
 * session_next(), and as often as one likes: an answer that is begun after that says so. */
void session_drain(struct session *s);

/* The socket has been found empty, or is empty no longer. `dry` after session_drain() means that
 * all that came before the stop has been read. */
void session_dry(struct session *s, bool dry);

/* Nothing of a request has come and nothing is to be sent. */
bool session_idle(const struct session *s);

#endif
