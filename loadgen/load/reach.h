/* Which address of a name is loaded.
 *
 * A name may have several addresses, and a server need not listen on all of them: localhost is ::1
 * and 127.0.0.1 on most machines. Before the load begins the addresses are tried in the resolver's
 * order. Each try begins a quarter of a second after the one before, or as soon as the one before
 * has failed (RFC 8305, section 5). The first address that accepts a connection is used for all
 * connections: a run over several addresses would measure a mixture. */
#ifndef IOM_REACH_H
#define IOM_REACH_H

#include "loadgen/cli/options.h"

/* Where the URL's host has more than one address, set o->url.addr to the one to use. With --source
 * only addresses of its family are tried. Ends the program where none accepts, with a line that has
 * the reason of each. An address that is the only one is not tried. */
void reach(struct options *o);

#endif
