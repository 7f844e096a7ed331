/* Servers of others: a file each below bench/external, which says how to start one.
 *
 *     [external]
 *     summary = nginx: one worker over epoll
 *     counterpart_of = epoll-et, epoll-lt   our models that wait as it does
 *     protocols = http                  http, echo or both
 *     paths = /, /bytes/N               what it serves; for people
 *     needs = command nginx             it is installed where these are there: "command NAME..."
 *                                       or "python MODULE...", or one after the other
 *     packages = nginx-light            what to install on Debian where it is not
 *     command = {program} -c {dir}/nginx.conf
 *     try = {program} -t ...            must end with status 0, else it cannot run here; its last
 *                                       line is the reason
 *     config = nginx.conf.in            template beside this file, becomes {dir}/nginx.conf
 *     stop = TERM                       signal to its first process; what is left is killed
 *     max_connections = 1000            most it holds; default no limit
 *     concurrency = 1                   most it serves at one time; default all
 *     [set]
 *     method = epoll                    further names for command and template
 *
 * The command stays in the foreground. It is cut into words as a shell does, without a shell. Names
 * in braces, in the command and in the template:
 *     {port}         a free port, to be listened on at 127.0.0.1
 *     {protocol}     http or echo
 *     {connections}  of this trial; {connections+8}: eight more
 *     {dir}          a temporary directory below TMPDIR, which any user may read: servers started
 *                    by root read their files as another one
 *     {root}         {dir}/root, holding the answer of our servers as the file of the same path
 *     {program}      the command that `needs` names, found on PATH or in a directory of sbin
 *     {python}       the distribution's Python, for which its packages are
 *     {here}         the directory of this file */
#ifndef IOM_EXTERNAL_H
#define IOM_EXTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/scenario.h"

enum { EXTERNAL_SET_MAX = 8 };

struct external {
    char *file; /* NULL: given on the command line */
    char *here;
    char *counterpart_of; /* names of our models, by commas; "" none; "*" every one */
    bool protocols[PROTOCOL_COUNT];
    char *paths;
    char *needs;
    char *packages;
    char *command;
    char *try;
    char *config;
    int stop_signal;
    char *set_names[EXTERNAL_SET_MAX];
    char *set_values[EXTERNAL_SET_MAX];
    size_t set_count;
    char *program; /* what {program} stands for, once looked up */
    bool looked_up;
};

/* Whether our model called `model` is among those that a server is the counterpart `of`. */
bool external_is_counterpart(const char *of, const char *model);

/* Free the content of an external. */
void external_clear(struct external *p);

#endif
