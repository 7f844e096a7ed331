/* What load generator and driver say alike of a measurement that something disturbed. */
#ifndef IOM_DISTURBED_H
#define IOM_DISTURBED_H

/* How the reason of a disturbed measurement begins. */
#define DISTURBED_REASON "disturbed: "

/* A CPU quota disturbed it where the time for which the quota stopped the programs (throttled_ns in
 * cgroup.h) is above this part of the window. */
#define DISTURBED_THROTTLED 0.01

/* So did a hypervisor, or other programs, that took more than this part of the CPUs. */
#define DISTURBED_TAKEN 0.15

#endif
