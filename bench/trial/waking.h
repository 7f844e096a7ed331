/* What a server spends on waking the load generator. */
#ifndef IOM_WAKING_H
#define IOM_WAKING_H

#include <jansson.h>

/* What it costs, in ns, to wake a thread that sleeps on another CPU of this machine: the CPU time
 * of who wakes. `unit_costs` is the object of that name in environment.json, or NULL. NaN where the
 * cost was not measured. */
double waking_cost_ns(const json_t *unit_costs);

/* The share of `cpu_ns` that went into `wakings` of `cost_ns` each; NaN where any is not known. */
double waking_share(double wakings, double cost_ns, double cpu_ns);

#endif
