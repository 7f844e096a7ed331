/* Listening sockets and accepting: the same socket options for every model. */
#ifndef IOM_NET_H
#define IOM_NET_H

#include <stdbool.h>

#include "common/addr.h"
#include "common/clock.h"
#include "servers/model.h"

/* Listening sockets, in `groups` that each have one for every address. */
struct listeners {
    struct addr addresses[ADDRESSES_MAX]; /* with the port that the kernel chose */
    unsigned count;                       /* of the addresses */
    unsigned groups;
    int *sockets; /* groups * count sockets, group after group */
    int *waits;   /* for each group: server.listen_fd */
};

/* Listen on the first `count` addresses of `l` with as many groups as `groups` says; ends the
 * program with one line where that is refused. Of several addresses, those that this machine does
 * not have are left out with a line to stderr, as long as one is left. Port 0 becomes the same
 * free port for all addresses.
 *
 * [::] takes IPv4 connections too. A socket file on which nobody listens any more is replaced;
 * anything else at that path is left alone. The sockets of several groups (TCP only) share their
 * port by SO_REUSEPORT (socket(7)): the kernel gives each connection to one of them, by a hash of
 * its addresses. */
void net_listen(struct listeners *l, int backlog, bool nonblocking);

/* Give back the memory, and leave the sockets to the end of the process. */
void net_free(struct listeners *l);

/* Does listening on `*a` take IPv4 connections to the same port as well? */
bool net_takes_ipv4_too(const struct addr *a);

/* Make group `group` the sockets of `*server`. */
void net_use(struct server *server, const struct listeners *l, unsigned group);

/* Close the sockets of `*server`, in a child process that accepts nobody. */
void net_close(const struct server *server);

/* Is `fd` one of its listening sockets? */
bool net_listens_on(const struct server *server, int fd);

/* Stop listening: a blocking accept returns, later connections are refused, and the file of a
 * Unix-domain socket is removed, if it is still the one that net_listen() made: another server may
 * have taken its place since. Returns how many had connected and waited to be accepted: TCP resets
 * them and tells how many they are (TCP_INFO, whose tcpi_unacked is the length of the queue where
 * the socket listens); those of a Unix-domain socket are taken from the queue and closed, as long
 * as there are descriptors for that. Async-signal-safe. */
unsigned net_stop_listening(const struct listeners *l);

/* For models that block in accept: return when there may be somebody to accept, or a signal has
 * come. Does nothing where there is one socket to accept from, as accept() on that socket waits. Of
 * several sockets one waiter is woken, and then one more as long as the connection is not accepted
 * (epoll(7), level-triggered, in epoll_wait() on one instance). A waiter that is too late finds
 * nobody. */
void net_wait(const struct server *server);

/* How long accepting rests when the process is out of descriptors or memory, in ns. */
#define ACCEPT_REST (20 * NS_PER_MS)

enum net_accept {
    NET_ACCEPTED,
    NET_NONE,      /* nobody is waiting (non-blocking listening socket only) */
    NET_RETRY,     /* that connection is gone already: ask again */
    NET_EXHAUSTED, /* out of descriptors or memory: asking again at once would spin */
    NET_STOPPED,   /* the listening socket was shut down: the server stops */
};

/* Take one connection and count it; `flags` as for accept4(2). Several sockets have their turns. */
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
