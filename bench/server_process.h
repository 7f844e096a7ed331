/* One server under test, from its start to the proof that it is gone. */
#ifndef IOM_SERVER_PROCESS_H
#define IOM_SERVER_PROCESS_H

#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/perf.h"
#include "bench/process.h"

struct server {
    struct process process;
    struct perf perf;
    char address[160]; /* where it listens */
};

enum server_result { SERVER_OK, SERVER_FAILED, SERVER_INTERRUPTED };

/* Start `path` on `cpus` and wait until it says on its ready descriptor that it listens, at
 * most ten seconds. The counters are open when this returns SERVER_OK; otherwise `reason` says
 * why. server_destroy() in every case. */
enum server_result server_start(struct server *s, const char *path, const char *protocol,
                                const cpu_set_t *cpus, bool count_syscalls, char *reason,
                                size_t reason_size);

/* SIGTERM, and wait for the end (bounded; then SIGKILL). `*counters` becomes the JSON object of
 * the last line that the server printed, or NULL; the caller decrefs it. Returns false with the
 * reason where the server did not end by itself with status 0. */
bool server_stop(struct server *s, json_t **counters, char *reason, size_t reason_size);

void server_destroy(struct server *s);

#endif
