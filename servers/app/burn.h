/* CPU time used up on purpose. */
#ifndef IOM_BURN_H
#define IOM_BURN_H

#include <stdint.h>

/* Use up `ns` nanoseconds of this thread's CPU. Returns how much more it became, which is up to
 * two readings of the clock. */
int64_t burn(int64_t ns);

/* How much every request burns besides its work (Meson's option burn_ns): a server that is
 * slower by a known time, to try what a comparison can see. 0 in every build that is not made
 * for that. */
#ifndef IOM_BURN_NS
#define IOM_BURN_NS 0
#endif
void burn_request(void);

#endif
