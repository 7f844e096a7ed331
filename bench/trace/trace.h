/* A story told by one model: what the clients did, and every system call of the server
 * meanwhile. */
#ifndef IOM_TRACE_H
#define IOM_TRACE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/plan/models.h"
#include "bench/trace/play.h"
#include "bench/trace/script.h"
#include "bench/trial/strace.h"

/* A thread or process of the server. */
struct trace_task {
    pid_t pid;
    bool thread;      /* of a process that is another task */
    bool shown;       /* it did more in the story than to wait */
    int64_t from, to; /* its life, ns after the beginning; STRACE_NEVER where it outlives all */
    char name[16];    /* "main", "thread 2", "process 1": numbered among those that are shown */
};

/* Which way bytes went. */
enum trace_data { DATA_NONE, DATA_IN, DATA_OUT };

struct trace_call {
    size_t task;      /* index */
    int64_t from, to; /* ns after the beginning; to is STRACE_NEVER where it has not returned */
    char *name;       /* "recvfrom"; a signal's "SIGCHLD"; "exits" */
    char *about;      /* what it is about: "A", "listen", "epoll", "ADD A"; "" for nothing */
    char *result;     /* "18", "EAGAIN", "1: A"; "" where it has not returned */
    int client;       /* index in the script's names; -1: none */
    enum trace_data data;
    uint64_t bytes; /* of `data` */
    bool again;     /* EAGAIN: it found nothing, and did not wait */
    bool sleeps;    /* it is a call that can wait, on a descriptor that lets it */
    bool waits;     /* it did: something else happened meanwhile, or the server was at rest */
    bool shown;     /* it is part of the story: not memory, clocks, signal masks */
    char *text;     /* whole, with names for descriptors */
};

struct trace {
    const struct model *model;
    const struct script *script;
    struct played played;
    struct trace_task *tasks;
    size_t task_count;
    struct trace_call *calls; /* in the order in which they returned */
    size_t call_count;
};

struct trace_setup {
    const struct model *model; /* one of ours */
    const char *options;       /* of the server: words; NULL for none */
    unsigned workers;          /* that the server is to have; 0: as it likes */
    const struct script *script;
    const cpu_set_t *cpus; /* of the server; NULL: as this process */
};

/* Start the server under strace, play the story, stop the server, and read what strace wrote, in
 * the directory `dir`. False with the reason: no strace, no right to trace, or a step that failed.
 * trace_free() in every case. */
bool trace_record(struct trace *out, const struct trace_setup *setup, const char *dir,
                  char *reason, size_t reason_size);
void trace_free(struct trace *t);

#endif
