/* Input and output of a connection that is driven by completions. */
#ifndef IOM_URING_IO_H
#define IOM_URING_IO_H

#include "servers/models/io_uring/uring_conn.h"

/* Arm the receive, unless it is armed or there is nothing more to come. */
void uring_receive(struct uring_loop *l, struct uring_conn *c);

/* What a receive brought. The session takes it if it wants it and else it is held for it.
 * Returns false when the connection is broken or memory is out. */
bool uring_received(struct uring_loop *l, struct uring_conn *c, const struct io_uring_cqe *cqe);

/* Stop or go on receiving, by how much is held. */
void uring_balance(struct uring_loop *l, struct uring_conn *c);

/* Give the session, which wants input, what was held, and after that the end if it has come.
 * Returns false when there is neither; where memory is out the session fails. */
bool uring_feed(struct uring_loop *l, struct uring_conn *c);

/* Send the next piece of the session's output: c->sending until it is sent, unless it could be
 * copied and counts as sent at once. */
void uring_transmit(struct uring_loop *l, struct uring_conn *c);

/* Send what the session has behind the copy in the copy's own request: c->sending. Returns false
 * where that cannot be. */
bool uring_join(struct uring_loop *l, struct uring_conn *c);

/* What that request has to say. Returns false when the connection is broken or memory is out. */
bool uring_joined(struct uring_loop *l, struct uring_conn *c, int result);

/* What a send has to say. c->sending is false when it is done with. Returns false when the
 * connection is broken. */
bool uring_sent(struct uring_loop *l, struct uring_conn *c, const struct io_uring_cqe *cqe);

/* `result` bytes of the copy were sent, or a negative errno: the rest is sent again. Returns false
 * when the connection is broken or memory is out. */
bool uring_resend(struct uring_loop *l, struct uring_conn *c, int result);

#endif
