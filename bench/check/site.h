/* The server of one case: started from its command on a free port, and gone after the case. */
#ifndef IOM_CHECK_SITE_H
#define IOM_CHECK_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"
#include "bench/base/protocol.h"
#include "bench/plan/external.h"
#include "bench/trial/external_site.h"

struct site {
    struct external server;
    struct external_site files;
    struct process process;
};

struct site_spec {
    const struct external *server;
    enum protocol service;
    unsigned nofile;  /* limit of its descriptors; 0: none */
    uint64_t idle_ns; /* what {idle} in its command stands for, in seconds */
};

/* Start the server; nothing says yet that it listens. False with one line in `error`. site_end() in
 * both cases. */
bool site_start(struct site *s, const struct site_spec *spec, char *error, size_t error_size);

/* Whether a command names {idle}. */
bool site_takes_idle(const struct external *server);

/* Let {idle} stand for `seconds`, which must live as long as the server. */
void site_name_idle(struct external *server, const char *seconds);

/* Whether the server has ended; then `how` becomes one line that says how. */
bool site_has_ended(struct site *s, char *how, size_t how_size);

/* End the server and all that it left. */
void site_end(struct site *s);

#endif
