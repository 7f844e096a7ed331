/* A process and all below it, as /proc shows them: who they are, what they hold. */
#ifndef IOM_TREE_H
#define IOM_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tree {
    pid_t *pids; /* the root first */
    size_t count;
    unsigned threads;
};

/* `root` and its descendants now. Costs one reading of /proc/PID/stat for each process of the
 * machine. Free with tree_free(). */
void tree_find(struct tree *t, pid_t root);
void tree_free(struct tree *t);

/* Memory of the whole tree in KiB. Resident counts a page once for each process that maps it,
 * so the copy-on-write pages of a forked child count again; proportional (PSS) shares each page
 * between its users (proc_pid_smaps(5)). Of that, anonymous and shared memory are taken; pages
 * of program files are left out where the kernel tells them apart (Pss_Anon, since Linux 5.9):
 * the load generator maps the same libraries, and a server's share of them shrinks when it
 * starts. Processes that end meanwhile are left out. */
struct tree_memory {
    double rss_kib; /* NaN where /proc/PID/smaps_rollup is missing (before Linux 4.14) */
    double pss_kib;
    double mapped_kib; /* address space, touched or not (statm(5)) */
};
struct tree_memory tree_memory(const struct tree *t);

/* Send the signal `number` to all of its processes (kill(2)); those that have ended are passed
 * over. */
void tree_signal(const struct tree *t, int number);

/* CPU time used so far by the processes of the tree, in nanoseconds: their own, all threads
 * (clock_getcpuclockid(3)), and what the root has waited for (cutime, in clock ticks of 10 ms).
 */
uint64_t tree_cpu_ns(const struct tree *t);

/* The same of `root` alone: its own, with its threads that have ended, and that of the children
 * which it has waited for, in ticks. NaN where /proc does not tell. */
struct root_cpu {
    double own_ns, waited_ns;
};
struct root_cpu tree_root_cpu(pid_t root);
void root_cpu_add(struct root_cpu *sum, struct root_cpu from, struct root_cpu to);

/* The CPU time of some windows together: what perf counted, or `used`, that of the root, where
 * that is more by what ticks cannot explain. A perf counter that is inherited leaves out what
 * a thread or process does after its counters are closed: on Linux 6.18 a process gives its
 * memory back then, a fifth or more of the CPU time of a child that makes one request. Where
 * threads or processes come and go all the time the root's has nearly all. What a child used
 * before the window in which it ended counts too; those that stay do not end in a window. */
double tree_cpu_with_ended(double counted_ns, struct root_cpu used, unsigned windows);

/* Minor page faults so far of the same processes, and of those that the root has waited for. */
uint64_t tree_faults(const struct tree *t);

#endif
