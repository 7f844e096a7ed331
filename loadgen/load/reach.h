/* Which address of a name is loaded: see common/url_reach.h. */
#ifndef IOM_REACH_H
#define IOM_REACH_H

#include "loadgen/cli/options.h"

/* Set o->url.addr before the load begins. With --source only addresses of its family are tried.
 * Ends the program where none accepts, with a line that has the reason of each. Does nothing with
 * --null. */
void reach(struct options *o);

#endif
