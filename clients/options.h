/* The command line that all clients share. */
#ifndef IOM_CLIENT_OPTIONS_H
#define IOM_CLIENT_OPTIONS_H

#include "clients/job/job.h"

struct options {
    struct job job;
    unsigned concurrency;
    const char *expect_body; /* a file; NULL for none */
    const char *json;        /* a file; "-" is standard output; NULL for none */
    int events_fd;           /* who watches the job; -1: nobody */
    bool describe;
};

/* Read the command line, with the model's own options. Ends the program after --help, --version and
 * --describe, and with status 2 where the line is wrong. */
void options_read(int argc, char **argv, struct options *o);

#endif
