/* How much load the load generator could make, so that a reader sees how far from it a server
 * is. */
#ifndef IOM_CEILING_H
#define IOM_CEILING_H

#include <jansson.h>
#include <sched.h>

/* The generator's own ceiling: `loadgen` --null, with a server inside it that answers at once, for
 * 0.3 s on `cpus`. The result is the object "generator" of environment.json. A generator without
 * --null, or one that fails, gives null with the reason. DIR is where the generator's results lie
 * for a moment. */
json_t *ceiling_measure(const char *loadgen, const cpu_set_t *cpus, unsigned connections,
                        const char *dir);

#endif
