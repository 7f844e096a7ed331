/* The load generator in windows that are ordered one by one (iomodels-load --windows). */
#ifndef IOM_WINDOWS_LOAD_H
#define IOM_WINDOWS_LOAD_H

#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/trial/perf.h"

struct windows_load {
    struct process process;
    struct perf perf; /* on the generator, without the tracepoints */
    int events;       /* the generator writes its events here */
    int commands;     /* its standard input */
    char line[1024];  /* of the events, read so far */
    size_t used;
};

struct windows_load_spec {
    const char *program;
    const char *url;
    unsigned connections;
    unsigned threads;
    bool spin;
    const cpu_set_t *cpus;
};

/* Start the generator. windows_load_end() in every case. */
void windows_load_start(struct windows_load *l, const struct windows_load_spec *spec);

/* Wait until its connections are open, each with one answer. False with the reason where they do
 * not come up or somebody interrupts; `server` is watched as well. */
bool windows_load_ready(struct windows_load *l, const struct process *server, char *reason,
                        size_t reason_size);

/* Load in a window of `duration_ns`, and wait until the generator is silent again. Returns what it
 * tells of the window (docs/load-output.md); the caller decrefs it. NULL with the reason. */
json_t *windows_load_window(struct windows_load *l, const struct process *server,
                            uint64_t duration_ns, char *reason, size_t reason_size);

void windows_load_end(struct windows_load *l);

#endif
