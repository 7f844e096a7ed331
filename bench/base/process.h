/* Starting a program, waiting for what it says, ending it and all it left. */
#ifndef IOM_PROCESS_H
#define IOM_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_UNKNOWN = -1 };

/* A child with its own process group. Its standard output and error go to memory: no pipe fills
 * up, and what was said last can be read after its death. */
struct process {
    pid_t pid;  /* 0 when none */
    int pidfd;  /* readable when it has ended */
    int out_fd; /* memory files */
    int err_fd;
    int gate; /* the child waits here before its exec: process_release() */
    bool ended;
    bool stands; /* process_end_all() spares it */
    int status; /* as waitpid(2) gives it, once `ended`; PROCESS_UNKNOWN where nobody could tell */
};

struct process_spec {
    const char *const *argv;
    const cpu_set_t *cpus; /* NULL: as this process */
    int input;             /* the child's standard input; -1 for /dev/null */
    int extra;       /* a descriptor that the child finds as PROCESS_EXTRA_FD; -1 for none */
    bool gated;      /* wait for process_release() before the exec */
    bool whole;      /* with the environment of this process: it starts programs elsewhere */
    bool homeless;   /* without start files of the user: child_env() */
    bool stands;     /* spared by process_end_all() until process_destroy() */
    const char *dir; /* where it runs; NULL: where this process does */
    int netns;       /* its network namespace, a descriptor; 0: that of this process */
    unsigned nofile; /* its limit of descriptors, soft and hard; 0: as this process */
};

enum { PROCESS_EXTRA_FD = 3 };

/* Fork. The child dies with this process (PR_SET_PDEATHSIG). It has the environment of child_env(),
 * no other descriptors than 0 to 2 and its extra one, and all signals as they are by default. What
 * fails in the child is told on its standard error, exit status 127. */
void process_start(struct process *p, const struct process_spec *spec);
void process_release(struct process *p);

/* Wait for the end until `deadline` (of clock_ns()); reaps it. Returns whether it has ended. An
 * interrupt does not cut the wait short: it is bounded anyway. */
bool process_wait(struct process *p, uint64_t deadline);

/* Send `signal_number` to it, wait for its end until `deadline`; returns whether it has ended. */
bool process_stop(struct process *p, int signal_number, uint64_t deadline);

/* Kill the process group, wait, close everything. A process that has ended is only closed. */
void process_destroy(struct process *p);

/* What it has written so far to its standard output, and to its standard error; the caller frees
 * it. */
char *process_output(const struct process *p);
char *process_errors(const struct process *p);

/* "exit status 1: last line of its standard error" or "killed by signal 11 (Segmentation
 * fault)". */
void process_end_reason(const struct process *p, char *out, size_t out_size);

/* Be the parent of whatever the children leave behind (PR_SET_CHILD_SUBREAPER). */
void process_adopt_orphans(void);

/* Wait up to `grace` nanoseconds for children of any kind to be gone, then kill those that are
 * left with all below them. Returns how many had to be killed. Those that stand, and all below
 * them, are left alone. */
unsigned process_end_all(uint64_t grace);

#endif
