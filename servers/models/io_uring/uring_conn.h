/* A connection that is driven by completions: conn.h turned inside out. There a step tries what can
 * be done now and says what to wait for; here requests are with the kernel, and what comes back
 * carries the session on. */
#ifndef IOM_URING_CONN_H
#define IOM_URING_CONN_H

#include "servers/app/buffer.h"
#include "servers/drive/conn.h"
#include "servers/models/io_uring/uring_loop.h"

struct uring_conn {
    struct session *session;
    unsigned slot;        /* its place in the table of sockets */
    uint8_t pending;      /* requests of it that will post another completion */
    bool receiving;       /* a multishot receive is armed */
    bool cancelling;      /* and asked to end */
    bool eof;             /* the client has sent its last byte */
    bool sending;         /* a send is pending, or what it sends is still in use */
    bool notifying;       /* the latter: IORING_OP_SEND_ZC will tell when it is not */
    bool must_copy;       /* to send without copying was refused */
    bool shutting_down;   /* its sending side, which the kernel does later */
    bool closed;          /* only what is pending keeps it */
    bool waits;           /* in the list of those who wait for the next batch */
    int sent;             /* what the pending send said */
    uint64_t copied_in;   /* the epoch of the last answer that was copied to the arena */
    const uint8_t *copy;  /* that answer */
    uint32_t copy_length; /* and its length */
    /* The request that sends the copy, while no other can have been queued behind it; else NULL. */
    struct io_uring_sqe *copy_request;
    /* What one request sends: the copy, and what the session has behind it. */
    struct iovec parts[2];
    struct msghdr message;
    struct chain rest; /* what was not sent of it, and is being sent now */
    struct chain held; /* input that the session does not take yet */
    struct timer timer;
    struct uring_conn *next, *previous; /* of those open */
    struct uring_conn *next_waiting;
};

/* Counters of the model's own, in counters.extra[]. */
enum { URING_ENTERS, URING_SHORT_SENDS, URING_NO_BUFFERS, URING_ZEROCOPY_SENDS };

/* A new connection in `slot`, receiving. False, and the slot the caller's, when memory is out. */
bool uring_conn_open(struct uring_loop *l, unsigned slot);
void uring_conn_close(struct uring_loop *l, struct uring_conn *c);

/* Carry the session on as far as that can be done without a completion. */
void uring_conn_step(struct uring_loop *l, struct uring_conn *c);

/* How much of a copy was sent, and of what was joined to it: to be handed over first of all in a
 * batch, while the copy is still there. */
void uring_conn_copy_failed(struct uring_loop *l, struct uring_conn *c, int result);
void uring_conn_joined(struct uring_loop *l, struct uring_conn *c, int result);

/* A completion of a connection's request, URING_COPY_SENT left out. */
void uring_conn_completed(struct uring_loop *l, const struct io_uring_cqe *cqe);

/* The epoch that it waited for has begun. A closed one is freed here, and nowhere else. */
void uring_conn_go_on(struct uring_loop *l, struct uring_conn *c);

/* The session's deadline may have come. */
void uring_conn_time(struct uring_loop *l, struct uring_conn *c);

/* The server stops: close it if it is idle. */
void uring_conn_drain(struct uring_loop *l, struct uring_conn *c);

/* An empty request of the connection's, which is counted as pending until its last completion. */
struct io_uring_sqe *uring_conn_request(struct uring_loop *l, struct uring_conn *c);

/* Close the socket in `slot`. */
void uring_close_slot(struct uring_loop *l, unsigned slot);

#endif
