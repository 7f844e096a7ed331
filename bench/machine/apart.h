/* A kind of probes in a process of its own, which this process asks for batches. What has threads
 * would make every system call on a descriptor dearer for the others (fget takes a reference where
 * the table of descriptors is shared), and what forks must not have their thousand descriptors. */
#ifndef IOM_APART_H
#define IOM_APART_H

#include <sys/types.h>

#include "bench/machine/probe.h"

struct apart {
    pid_t pid;
    int fd;
};

/* Fork, and open `kind` in the child. False with one line in `why`. The child ends with this
 * process, or by apart_close(). */
bool apart_open(struct apart *a, const struct probe_kind *kind, const struct probe_site *site,
                char *why, size_t why_size);

/* kind->probes[probe].batch(), made by the child. NaN, with errno, where it failed, or where the
 * child has not answered within a minute: the child is killed then. */
double apart_batch(const struct apart *a, size_t probe, unsigned n);
void apart_close(struct apart *a);

#endif
