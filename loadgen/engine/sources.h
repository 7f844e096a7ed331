/* The local addresses that connections come from.
 *
 * Both addresses and both ports tell one TCP connection from another. So from one address to one
 * port of a server there can be no more connections at a time than net.ipv4.ip_local_port_range
 * has ports (28,232 by default). Connections that were closed less than a minute ago count
 * (TIME_WAIT). Short connections need more addresses. The IPv4 loopback has 16 million, and the
 * generator takes them as needed: 127.0.0.1 first, then 127.0.0.2 and so on. Where the options ask
 * for short connections it does so from the beginning. Else it begins when half the ports of
 * 127.0.0.1 were used or none was free, for the server may close each connection. Each thread
 * works on one address at a time. It leaves the address when half its ports were used, because the
 * kernel gives connect() the ports of one parity at once and searches for others. An address is
 * taken up again a minute after it was left. --source names the addresses instead; connections
 * then go round them.
 *
 * bind() would choose a port that is free with any server; IP_BIND_ADDRESS_NO_PORT leaves the
 * choice to connect(), which knows the server (ip(7)). */
#ifndef IOM_SOURCES_H
#define IOM_SOURCES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

/* Addresses at most, named or taken. */
#define SOURCES_MAX 65536

struct source {
    struct addr addr; /* port 0 */
    _Atomic bool used;
    uint64_t left_at; /* automatic: when a thread left it; 0 while it is in use */
};

/* Shared by all threads. */
struct sources {
    struct source *list;
    uint32_t count;
    bool automatic;           /* the list grows as needed */
    uint32_t budget;          /* automatic: connections from one address in one go */
    _Atomic bool asleep;      /* automatic: the kernel chooses, until ports run short */
    _Atomic uint32_t unbound; /* connections for which it did */
    pthread_mutex_t lock;
};

/* Where a thread stands. */
struct source_cursor {
    uint32_t at;   /* the number of its address, from 1; 0 where it has none yet */
    uint32_t left; /* automatic: connections until it takes another */
    bool owns;     /* automatic: it has taken that address */
};

/* Set up for connections to `to`. `list`: the value of --source, ADDR[,ADDR...] where ADDR may be
 * FIRST-LAST; where it cannot be taken the program ends with a usage error, and where one of them
 * is not this machine's with another. NULL: loopback addresses as needed if `to` is there, from the
 * first connection on where there may be `many`; else the kernel chooses. */
void sources_init(struct sources *sources, const char *list, const struct addr *to, bool many);

/* Bind `fd` to the next address. Returns 0 or an errno. */
int sources_bind(struct sources *sources, struct source_cursor *cursor, int fd);

/* connect() found no free port (EADDRNOTAVAIL): is there another address to try? The next
 * sources_bind() uses it. */
bool sources_next(struct sources *sources, struct source_cursor *cursor, uint32_t tries);

/* Long enough for every address. */
#define SOURCE_TEXT_MAX 46

/* Write the address to `text`, without a port, and return `text`. */
const char *source_format(const struct source *source, char text[SOURCE_TEXT_MAX]);

void sources_free(struct sources *sources);

#endif
