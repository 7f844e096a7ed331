/* One server under test, from its start to the proof that it is gone. */
#ifndef IOM_SERVER_PROCESS_H
#define IOM_SERVER_PROCESS_H

#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/plan/models.h"
#include "bench/plan/scenario.h"
#include "bench/trial/answer.h"
#include "bench/trial/calls.h"
#include "bench/trial/external_site.h"
#include "bench/trial/perf.h"

struct server {
    struct process process;
    struct perf perf;
    struct calls calls; /* none but where system calls are counted */
    char address[160];  /* where it listens */
    bool far;           /* one of ours on another host: what runs here only started it */
    /* Of a server of others: */
    const struct external *external; /* NULL: one of ours */
    struct external_site site;
    struct answer answer; /* what the server said when it was ready */
};

struct server_spec {
    const struct model *model;
    const char *options; /* words to add to its command line; NULL for none */
    /* One of ours: words before its command line, a program that ends by running the rest in its
     * own process; ends with NULL. NULL for none. */
    const char *const *wrap;
    /* One of ours: words that start the command behind them on another host; NULL: it runs here. */
    char **launch;
    const char *listen; /* one of ours: where, "HOST:0"; NULL: on this machine alone */
    unsigned workers;   /* that it is to have; 0: as it likes */
    bool local;         /* it listens on a Unix-domain socket */
    int netns; /* its network namespace, where it has NAMESPACES_SERVER; 0: that of this process */
    enum protocol protocol;
    unsigned connections;
    const char *path; /* what will be asked for, and in echo how many bytes sent */
    uint64_t payload;
    /* of our servers to that; NULL where no server of others runs */
    const struct answer *answer;
    const cpu_set_t *cpus;
    bool count_syscalls;
    bool uncounted; /* without the counters of perf.h */
    bool stands;    /* process_end_all() spares it */
};

enum server_result {
    SERVER_OK,
    SERVER_FAILED,
    SERVER_UNSUPPORTED, /* one of ours said by exit status 3 that it cannot run here */
    SERVER_INTERRUPTED
};

/* Start a server on its CPUs and wait, at most ten seconds, or sixty where it is wrapped: one of
 * ours until it says on its ready descriptor that it listens, one of others until it answers one
 * question over a connection. The
 * counters are open when this returns SERVER_OK; otherwise `reason` says why. server_destroy() in
 * every case. */
enum server_result server_start(struct server *s, const struct server_spec *spec, char *reason,
                                size_t reason_size);

/* SIGTERM (a server of others: its own signal), and wait for the end (bounded; then SIGKILL).
 * `*counters` becomes the JSON object of the last line that one of ours printed, or NULL; the
 * caller decrefs it. Returns false with the reason where the server had died before, or where one
 * of ours did not end by itself with status 0. What others leave running is killed by
 * server_destroy(). */
bool server_stop(struct server *s, json_t **counters, char *reason, size_t reason_size);

void server_destroy(struct server *s);

/* Start `model`, one of ours, put the scenario's question to it and stop it. */
enum server_result server_ask(const struct model *model, const struct scenario *s,
                              enum protocol protocol, const cpu_set_t *cpus,
                              struct answer *answer, char *reason, size_t reason_size);

#endif
