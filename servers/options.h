/* The command line that all servers share. */
#ifndef IOM_OPTIONS_H
#define IOM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "servers/app/app.h"
#include "servers/net.h"

struct options {
    struct addr listen[ADDRESSES_MAX]; /* what --listen names */
    unsigned listen_count;
    const struct app *app;
    int backlog;
    size_t max_connections; /* 0: as many as the model can hold */
    uint64_t idle_timeout;  /* ns; CLOCK_NEVER for none */
    uint64_t drain;         /* ns */
    const char *root;       /* NULL for none */
    size_t max_body;        /* bytes */
    bool allow_crash;       /* serve /crash */
    int ready_fd;           /* -1 for none */
    unsigned workers;       /* 1 where the model has none */
    bool describe;
};

/* Read the command line, with the model's own options. Ends the program after --help, --version and
 * --describe, and with status 2 where the line is wrong. */
void options_read(int argc, char **argv, struct options *o);

/* Is there something that keeps the model from working, with these options? See model.unsupported;
 * that of all models that listen on several sockets is found here. */
bool options_unsupported(const struct options *o, char *why, size_t size);

#endif
