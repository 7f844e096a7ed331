/* The server that `iomodels check` and `iomodels replay` are about. */
#ifndef IOM_COMMANDS_CHECK_SERVER_H
#define IOM_COMMANDS_CHECK_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/paths.h"
#include "bench/check/play.h"
#include "bench/duel/contestant.h"

/* What the command line says of it. */
struct check_server_options {
    struct paths paths; /* first: paths_rows */
    unsigned service;   /* index of check_services[]; 0: as the server itself says */
    unsigned at_once;
    uint64_t idle_ns;
    uint64_t patience_ns;
    bool at_once_given;
};

extern const char *const check_services[]; /* auto, http, echo, both; NULL-ended */

/* Options of both commands, for a target that begins with a struct check_server_options. */
extern const struct option_row check_server_rows[];

struct check_server {
    struct model_list list; /* the servers of others, and one given as a command */
    struct contestant contestant;
    struct external own; /* one of ours as a command */
    bool services[PROTOCOL_COUNT];
    struct play_spec play;
};

/* Find the server that `text` names: a command with {port}, one of our models with its options, or
 * a server of others by its name. Ends the program where there is none. */
void check_server_find(struct check_server *s, struct check_server_options *o,
                       const char *text);
void check_server_free(struct check_server *s);

#endif
