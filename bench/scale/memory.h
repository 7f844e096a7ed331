/* What connections take of a machine's memory, read at one moment. KiB. */
#ifndef IOM_SCALE_MEMORY_H
#define IOM_SCALE_MEMORY_H

#include "bench/scale/slabs.h"
#include "bench/trial/kernel_memory.h"

struct scale_memory {
    double available; /* scale_available() */
    double used;      /* all but what is free and what files have: MemFree, Buffers, Cached */
    struct kernel_memory kernel;
    double buffers;    /* bytes in sockets ("mem" of /proc/net/sockstat) */
    double sockets;    /* TCP sockets, a number ("alloc" there) */
    double tasks;      /* threads of the servers, a number */
    double servers;    /* of the servers' processes: anonymous and shared memory (tree.h) */
    double generators; /* of the load generators' */
    struct slabs slabs;
};

/* What programs may still take: MemAvailable (proc_meminfo(5)) without SReclaimable, for inodes and
 * names of open sockets are in there, and are not to be had; or what a control group leaves this
 * process, where that is less (memory.max of cgroup v2). Infinite where nothing tells. */
double scale_available(void);

/* All but what is of the servers and the generators. */
void scale_memory_read(struct scale_memory *out);

#endif
