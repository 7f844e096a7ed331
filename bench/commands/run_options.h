/* The command line of `iomodels run`. */
#ifndef IOM_RUN_OPTIONS_H
#define IOM_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/paths.h"
#include "bench/plan/scenario.h"

enum { RUN_GIVEN_MAX = 16 };

struct run_options {
    struct paths paths;    /* first: paths_rows */
    const char *scenario;  /* a name or a file */
    const char *models;    /* comma-separated; NULL: as the scenario says */
    const char *externals; /* the same of the servers of others */
    struct run_given {
        const char *command;
        const char *name; /* NULL: derived from the command */
        enum protocol protocol;
    } given[RUN_GIVEN_MAX]; /* servers of others, given on the command line */
    size_t given_count;
    const char *out;    /* NULL: a new one in paths.results */
    const char *resume; /* a run directory, or NULL */
    bool seeded;        /* `seed` was given */
    uint64_t seed;
    bool dry_run;
    bool no_unit_costs;
    uint64_t budget_ns; /* how long the run may take; 0: as long as it takes */
    bool environment;   /* child_env_add() was given something */
};

/* Ends the program on --help (status 0) and on wrong usage (status 2). */
void run_options_parse(struct run_options *o, int argc, char **argv);

#endif
