/* Which address of a name is loaded.
 *
 * A name may have several, and a server need not listen on all of them: localhost is ::1 and
 * 127.0.0.1 on most machines. Before the load begins they are tried in the resolver's order, each a
 * quarter of a second after the one before or as soon as that has failed (RFC 8305, section 5), and
 * the first that accepts a connection is used for all: a run that was spread over several would
 * measure them mixed. */
#ifndef IOM_REACH_H
#define IOM_REACH_H

#include "loadgen/cli/options.h"

/* Where the URL's host has more than one address, set o->url.addr to the one to use. With --source
 * only addresses of its family are tried. Ends the program where none accepts, with a line that has
 * the reason of each. An address that is the only one is not tried. */
void reach(struct options *o);

#endif
