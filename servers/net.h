/* Listening sockets and accepting: the same socket options for every model. */
#ifndef IOM_NET_H
#define IOM_NET_H

#include <stdbool.h>

#include "common/addr.h"
#include "model.h"

/* Open `count` listening sockets on `*a`; ends the program with one line where that is refused. A
 * socket file that nobody listens on any more is replaced; anything else at that path is left
 * alone. `*a` becomes the address in use, with the port that the kernel chose. More than one
 * socket (TCP only) share the port by SO_REUSEPORT (socket(7)): the kernel gives each connection
 * to one of them, by a hash of its addresses. */
void net_listen(struct addr *a, int backlog, bool nonblocking, int *fds, unsigned count);

/* Shut a listening socket down, so that an accept that blocks on it returns and later connections
 * are refused. Returns how many had connected and waited to be accepted: they are reset. Only TCP
 * tells (TCP_INFO, whose tcpi_unacked is the length of the queue where the socket listens);
 * otherwise 0. Async-signal-safe. */
unsigned net_stop_listening(int fd);

/* Remove the file of a Unix-domain listening socket. Async-signal-safe. */
void net_unlink(const struct addr *a);

enum net_accept {
    NET_ACCEPTED,
    NET_NONE,      /* nobody is waiting (non-blocking listening socket only) */
    NET_RETRY,     /* that connection is gone already: ask again */
    NET_EXHAUSTED, /* out of descriptors or memory: asking again at once would spin */
    NET_STOPPED,   /* the listening socket was shut down: the server stops */
};

/* Take one connection and count it; `flags` as for accept4(2). */
enum net_accept net_accept(struct server *server, int flags, int *fd);

/* May one more connection be served beside the open ones? If not, `fd` is refused. In a model
 * with workers the open ones of all of them count, and `open_connections` does not matter; two
 * that come to different workers in the same instant for the last place may both be refused, but
 * never are too many admitted. */
bool net_admit(struct server *server, size_t open_connections, int fd);

/* For models whose connections are blocking: net_accept() and net_admit() in one;
 * `*open_connections` is read when the connection has come. Out of descriptors it pauses: it never
 * returns NET_EXHAUSTED, but NET_RETRY, as it does where the connection was refused. */
enum net_accept net_accept_admitted(struct server *server,
                                    const atomic_size_t *open_connections, int *fd);

/* The same again and again until there is a connection, for a socket that blocks in accept.
 * Returns -1 when the server stops. */
int net_accept_wait(struct server *server, const atomic_size_t *open_connections);

/* Close and count a connection that could not be served after all. */
void net_refuse(struct server *server, int fd);

#endif
