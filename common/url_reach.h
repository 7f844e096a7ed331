/* Which address of a name is used.
 *
 * A name may have several addresses, and a server need not listen on all of them: localhost is ::1
 * and 127.0.0.1 on most machines. The addresses are tried in the resolver's order. Each try begins
 * a quarter of a second after the one before, or as soon as the one before has failed (RFC 8305,
 * section 5). The first address that accepts a connection is used for all connections: a run over
 * several addresses would measure a mixture. */
#ifndef IOM_URL_REACH_H
#define IOM_URL_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/url.h"

/* Room for the reasons of all addresses. */
#define URL_REACH_ERROR_MAX 1024

/* Where the host of `url` has more than one address, set url->addr to the one to use. An address
 * that is the only one is not tried. Returns true, or false with one line in `error`, which has the
 * reason of each address, where none accepts within `limit_ns` nanoseconds. */
bool url_reach(struct url *url, uint64_t limit_ns, char *error, size_t size);

#endif
