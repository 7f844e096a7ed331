/* A connection of a client: it makes one request after another, on one socket as long as the server
 * keeps the socket open.
 *
 * The state says what comes next, and each function takes the connection one state further:
 *
 *     CONN_IDLE        conn_take()         a request of the job is this connection's now
 *     CONN_CLOSED      conn_socket(), conn_connect()
 *     CONN_CONNECTING  conn_connected()    when the socket is writable
 *     CONN_SENDING     conn_send()
 *     CONN_RECEIVING   conn_receive()      when the answer is judged: CONN_IDLE
 *
 * Whatever goes wrong ends the request, which is counted, and the state is CONN_IDLE. With one
 * exception: a server may close a connection that it kept while the next request is on its way.
 * Where no byte of an answer has come on a connection that had carried an answer, the request is
 * made once more on a new connection (RFC 9110, section 9.2.2; RFC 9112, section 9.3.1): the state
 * is CONN_CLOSED.
 *
 * On a non-blocking socket the functions do what can be done now, and conn_step() calls them in
 * turn. On a blocking socket they wait. */
#ifndef IOM_CLIENT_CONN_H
#define IOM_CLIENT_CONN_H

#include "clients/job/answer.h"

enum conn_state { CONN_IDLE, CONN_CLOSED, CONN_CONNECTING, CONN_SENDING, CONN_RECEIVING };

enum conn_want {
    CONN_OVER, /* all requests of the job are taken, and this connection has none */
    CONN_READ,
    CONN_WRITE,
};

struct conn {
    struct job *job;
    struct tally *tally;
    enum conn_state state;
    enum conn_want want;  /* the loop's: what conn_step() said last */
    unsigned watched;     /* the model's; 0 for a new socket */
    int fd;               /* -1 for none, and always where a library has the socket */
    bool open;            /* the connection has come up and is not closed */
    bool is_used;         /* it has carried an answer */
    bool was_repeated;    /* the request is made for the second time */
    uint64_t deadline;    /* of the request: clock_ns() */
    enum outcome outcome; /* of the request that has ended last */
    struct answer answer;
    char *request; /* JOB_REQUEST_MAX bytes */
    size_t length, sent;
};

/* Connection `number` of the job, from 0: without a socket and without a request. */
void conn_init(struct conn *c, struct job *job, unsigned number);

/* Closes the socket. */
void conn_free(struct conn *c);

/* Take the next request of the job. False where none is left: the socket is closed then. */
bool conn_take(struct conn *c);

/* The same for a request that is none of the job's: its bytes, `length` of them, are in
 * `request`. */
void conn_begin(struct conn *c, size_t length);

/* Make a socket with `flags` (SOCK_NONBLOCK or 0). False where the request has failed for want of
 * one. */
bool conn_socket(struct conn *c, int flags);

/* Begin to connect. On a non-blocking socket connect(2) says EINPROGRESS, and the state is
 * CONN_CONNECTING until the handshake is over. To call connect(2) again then asks whether that is
 * so. */
void conn_connect(struct conn *c);

/* The socket of a connection that is coming up has become writable: SO_ERROR tells whether the
 * connection is there or was refused (connect(2), EINPROGRESS). */
void conn_connected(struct conn *c);

/* Send, or receive, what can be now. False where the socket has to become ready first. */
bool conn_send(struct conn *c);
bool conn_receive(struct conn *c);

/* All of these that need not wait, for a non-blocking socket: one request after another; or until
 * the one request has ended, which is CONN_OVER too. */
enum conn_want conn_step(struct conn *c);
enum conn_want conn_go_on(struct conn *c);

/* The time of the request is over. */
void conn_timed_out(struct conn *c);

/* The request ends, with an outcome that no answer gave. */
void conn_fail(struct conn *c, enum outcome outcome);

/* What follows is for models whose system calls are made by others: the parts of the functions
 * above that make none. The connection is there; so many bytes were sent; these were received, none
 * at the end of the stream; an operation has failed with `error`, an errno. Where `open` is false
 * after any of them, the socket is to be closed by whoever has it. */
void conn_up(struct conn *c);
void conn_sent(struct conn *c, size_t size);
void conn_received(struct conn *c, const char *data, size_t size);
void conn_broken(struct conn *c, int error);

#endif
