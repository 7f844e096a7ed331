/* What one server of others is started from: a temporary directory with its configuration, a free
 * port, and its command with both filled in. */
#ifndef IOM_PEER_SITE_H
#define IOM_PEER_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/external.h"
#include "bench/plan/scenario.h"
#include "bench/trial/answer.h"

struct peer_site {
    char *dir;
    unsigned port;
    char **argv;
};

struct peer_site_spec {
    const struct peer *peer;
    const char *command; /* of the peer: to serve, or to try */
    const char *options; /* words to add to it; NULL for none */
    enum protocol protocol;
    unsigned connections;
    const char *path; /* what will be asked for */
    const struct answer
        *answer; /* of our servers to that, for the file below {root}; or NULL */
};

/* Make the directory and the command. Returns false with one line in `error`. Remove it with
 * peer_site_remove() in both cases. */
bool peer_site_make(struct peer_site *site, const struct peer_site_spec *spec, char *error,
                    size_t error_size);
void peer_site_remove(struct peer_site *site);

/* The distribution's Python, for which its packages are installed: another python3 may stand before
 * it on PATH. */
const char *peer_python(void);

#endif
