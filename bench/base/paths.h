/* Where the other parts are, unless options say: found from where this executable is, so that a
 * tree that was moved or copied uses its own parts, and so does an installation. */
#ifndef IOM_PATHS_H
#define IOM_PATHS_H

#include <stddef.h>

#include "common/command_line.h"

struct paths {
    const char *servers;          /* directory of the server executables */
    const char *clients;          /* directory of the client executables */
    const char *loadgen;          /* the load generator */
    const char *scripts;          /* directory of the gnuplot scripts */
    const char *scenarios;        /* directory of the scenario files */
    const char *external;         /* directory of the servers of others */
    const char *external_clients; /* directory of the clients of others */
    const char *queues;           /* directory of workers that a queue feeds */
    const char *session_cost;     /* the program that measures session_http and session_echo */
    const char *results; /* directory for the runs of which the user does not say where */
};

/* Fill in what is still NULL in `p`: from the build tree and its source tree, or, where there is no
 * build tree around this executable, from where "meson install" puts the parts; runs go to results/
 * of the source tree, or of the current directory. The strings live as long as the program. */
void paths_find(struct paths *p);

/* The options that say where the parts are, for a target that begins with a struct paths. */
extern const struct option_row paths_rows[];

/* The file of a scenario given as a name ("quick") or as a path ("my/own.ini"). Caller frees.
 */
char *paths_scenario(const struct paths *p, const char *name_or_file);

/* Make a directory iomodels-NAME-XXXXXX below temporary_dir(). The caller frees the path and
 * removes the directory. NULL with one line in `error`. */
char *paths_temporary(const char *name, char *error, size_t error_size);

#endif
