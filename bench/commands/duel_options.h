/* The command line of `iomodels duel`. */
#ifndef IOM_DUEL_OPTIONS_H
#define IOM_DUEL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/paths.h"
#include "bench/commands/point.h"
#include "bench/duel/duel.h"

struct duel_options {
    struct paths paths;   /* first: paths_rows */
    const char *sides[2]; /* as they were given */
    struct point at;
    double within; /* a share of one */
    uint64_t budget_ns;
    enum duel_metric metric;
    const char *path;
    uint64_t payload;
    uint64_t window_ns;
    unsigned pairs;
    unsigned sessions;
    bool whole;
    unsigned repeat;
    bool seeded; /* `seed` was given */
    uint64_t seed;
    const char *json; /* files to write; NULL: none */
    const char *plot;
    const char *windows;
};

/* Ends the program on --help (status 0) and on wrong usage (status 2). */
void duel_options_parse(struct duel_options *o, int argc, char **argv);

#endif
