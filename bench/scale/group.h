/* What the control group of this process and those above it leave (cgroup v2). */
#ifndef IOM_SCALE_GROUP_H
#define IOM_SCALE_GROUP_H

/* The least of what is left of NAME.max beside NAME.current: of "memory" bytes, of "pids" threads
 * and processes. Infinite where nothing tells. */
double group_left(const char *name);

#endif
