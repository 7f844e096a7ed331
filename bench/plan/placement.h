/* Which CPUs the server gets and which the load generator and this driver get. */
#ifndef IOM_PLACEMENT_H
#define IOM_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>

struct placement {
    cpu_set_t server;
    cpu_set_t generator; /* also this driver's */
    int server_count;
    int generator_count;
    bool shared; /* server and generator share all CPUs: no figure is the server's alone */
    bool siblings_shared; /* they share a core's hardware threads: nearly as bad */
};

/* How many CPUs this process may use. */
unsigned placement_available(void);

/* The server gets the first `server_cpus` CPUs that this process may use; the generator the
 * others without the hardware threads that share a core with the server, as long as any are
 * left. */
void placement_choose(struct placement *p, int server_cpus);

/* The same, but with the first `server_cpus` of the server's CPUs at most. */
void placement_narrow(const struct placement *all, unsigned server_cpus, struct placement *out);

/* "server and load generator share one CPU", or all of several: for `shared`. */
char *placement_shared_text(const struct placement *p, char *out, size_t out_size);

/* "0-2,5" for a set, as taskset(1) and the kernel write it. */
char *placement_format(const cpu_set_t *set, char *out, size_t out_size);

#endif
