/* Connections: requests in, answers out. */
#ifndef IOM_REFERENCE_CONN_H
#define IOM_REFERENCE_CONN_H

#include "agenda.h"

/* Take over a connected, non-blocking socket; `epoll_fd` is to watch it. */
void conn_open(int fd, int epoll_fd);

/* The epoll instance told of `events` at `now`. That is when a request counts as read: from then
 * on it was the server that kept it waiting. */
void conn_events(int fd, uint32_t events, uint64_t now);

/* An entry of the agenda is due; nothing happens where its connection is gone. */
void conn_answer(const struct entry *e);
void conn_piece(const struct entry *e);

#endif
