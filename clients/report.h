/* What a client has to say when its job is over. */
#ifndef IOM_CLIENT_REPORT_H
#define IOM_CLIENT_REPORT_H

#include <sys/resource.h>

#include "clients/job/job.h"

/* The use of a process and of the children it has waited for. */
struct usage {
    struct rusage self, children;
};
void usage_read(struct usage *u);

struct report {
    const struct job *job;
    unsigned concurrency; /* as it was asked for */
    uint64_t started_at;  /* clock_ns() when the program began */
    struct usage before, after;
    struct tally sum;
    uint64_t lost; /* requests that died with the process that made them */
};

/* Ends the program where `path`, which is to be written in the end, cannot be; NULL and "-" can. */
void report_check(const char *path);

/* Write the figures, as text to standard output, or as JSON to `path` where that is not NULL.
 * False, with one line on standard error, where they could not be written. */
bool report_write(const struct report *r, const char *path);

#endif
