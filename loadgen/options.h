/* What the command line asks for. */
#ifndef IOM_LOADGEN_OPTIONS_H
#define IOM_LOADGEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine.h"
#include "loadgen/schedule.h"
#include "loadgen/url.h"

struct options {
    const char *url_text;
    struct url url;
    uint32_t connections;
    uint32_t threads;
    enum engine_choice engine;
    uint64_t duration_ns; /* of the window; CLOCK_NEVER where only -n ends it */
    uint64_t requests;    /* of -n; 0 for none */
    uint64_t settle_ns;   /* at most; 0: do not settle */
    uint64_t warmup_ns;
    uint64_t timeout_ns;
    uint64_t rate_milli; /* open loop: requests per 1,000 s; 0: closed loop */
    enum arrival arrival;
    uint64_t seed;
    uint64_t drain_ns;
    uint32_t pipeline;       /* requests on their way on a connection at most */
    uint32_t per_connection; /* requests on a connection; 0: no limit */
    bool close_by_reset;
    uint64_t think_ns; /* mean pause of a closed loop; 0: none */
    bool think_exponential;
    bool null;        /* answers come from memory */
    uint64_t payload; /* bytes of an echo message */
    char *headers;    /* the lines of -H, each with its CRLF; never NULL */
    bool has_host;    /* one of them is Host */
    bool latency_table;
    const char *json; /* a path, "-" for standard output, NULL for none */
    int events_fd;    /* -1 for none */
    bool hold;
};

/* Read the command line into `*o`. Does not return on --help, --version, or a usage error. */
void options_parse(struct options *o, int argc, char **argv);

#endif
