/* The far end of 64 loopback connections: a process on the other CPU, as the load generator is.
 * What a connection costs depends on it: each of the two CPUs writes to lines of memory that the
 * other has in its cache.
 *
 * The far end never sleeps while it has something to do, so nobody pays for waking it. It is a
 * process and no thread: a table of descriptors that threads share makes each call on one dearer.
 * */
#ifndef IOM_FAR_H
#define IOM_FAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/machine/pairs.h"
#include "bench/machine/probe.h"

/* Connections, in FAR_GROUPS groups: while we serve one group, the far end serves the other. So
 * both CPUs are in the kernel at one time, as they are in a trial. FAR_BYTES is a message in each
 * direction. A batch makes at least FAR_ROUNDS rounds
 * after one that is not in its figure: what other batches left in the caches is then gone. */
enum {
    FAR_PAIRS = 64,
    FAR_GROUPS = 2,
    FAR_GROUP = FAR_PAIRS / FAR_GROUPS,
    FAR_BYTES = 64,
    FAR_ROUNDS = 4
};

struct far_shared; /* memory of both processes */

struct far {
    struct pairs pairs; /* [0] is ours */
    struct far_shared *shared;
    pid_t pid;
    int go, done; /* eventfds: the far end is to begin, and has ended */
};

/* Open `count` connections, at most FAR_PAIRS. False with one line in `why`. */
bool far_open(struct far *f, const struct probe_site *site, size_t count, char *why,
              size_t why_size);
void far_close(struct far *f);

/* Begin `rounds` rounds. In a round with `first` the far end sends a message on every connection
 * and then collects an answer to each. Else it waits in a round for far_post() of each group,
 * collects the answers and sends the next messages. After the last round far_end() waits until it
 * rests. False with errno. */
bool far_begin(struct far *f, unsigned rounds, bool first);
bool far_end(struct far *f);

/* Wait, without sleeping, until all connections of a group have a message. False with errno where
 * the far end is not there any more. */
bool far_await(struct far *f, int group);

/* All connections of a group have been answered. */
void far_post(struct far *f, int group);

/* CPU time of this thread in nanoseconds: what others do on this CPU meanwhile is not in it. */
double far_cpu_ns(void);

#endif
