/* What level 9 of `iomodels check` needs: a duel of the server with a model. */
#ifndef IOM_COMMANDS_CHECK_SPEED_H
#define IOM_COMMANDS_CHECK_SPEED_H

#include "bench/check/speed.h"
#include "bench/commands/check_server.h"

struct check_speed {
    struct speed_spec spec; /* with `duel` below; at_least is the caller's */
    struct duel_spec duel;
    struct placement placement;
    struct external theirs; /* a server that is not ours */
    struct model_list none;
};

/* Ends the program where there is no model `like`. */
void check_speed_prepare(struct check_speed *s, const struct check_server *server,
                         const char *text, const struct paths *paths, const char *like,
                         uint64_t budget_ns);
void check_speed_free(struct check_speed *s);

#endif
