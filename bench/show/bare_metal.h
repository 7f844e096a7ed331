/* What unit costs are on bare metal, as others have published: something to hold this machine's
 * figures against. Machines differ by a factor of two or three, and the ways to measure differ, so
 * a figure says no more than the order of magnitude. A cost without a source has no figure. */
#ifndef IOM_BARE_METAL_H
#define IOM_BARE_METAL_H

#include "bench/machine/unit_costs.h"

struct bare_metal {
    double ns;          /* 0: no source */
    const char *source; /* who measured it, on what */
    /* What the cost decides: "figures of X" for a warning where the cost is far above this. */
    const char *decides;
};

/* The record of a cost; its texts live as long as the program. */
const struct bare_metal *bare_metal(enum unit_cost cost);

#endif
