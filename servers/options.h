/* The command line that all servers share. */
#ifndef IOM_OPTIONS_H
#define IOM_OPTIONS_H

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
    int ready_fd;           /* -1 for none */
    unsigned workers;       /* 1 where the model has none */
};

/* Read the command line. Handles --help, --version and --describe itself, and ends the program
 * with status 2 where the line is wrong. The model's own options are told to the model. */
void options_read(int argc, char **argv, struct options *o);

/* Is there something that keeps the model from working, with these options? See model.unsupported;
 * that of all models that listen on several sockets is found here. */
bool options_unsupported(const struct options *o, char *why, size_t size);

void options_print_help(void);

/* The model's name and limits as JSON, with these options. */
void options_print_description(const struct options *o);

#endif
