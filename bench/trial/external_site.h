/* What one server of others is started from: a temporary directory with its configuration, a free
 * port, and its command with both filled in. */
#ifndef IOM_EXTERNAL_SITE_H
#define IOM_EXTERNAL_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/protocol.h"
#include "bench/plan/external.h"
#include "bench/trial/answer.h"

struct external_site {
    char *dir;
    unsigned port;
    int port_held; /* a socket: no other site has the port; 0 for none */
    char **argv;
};

struct external_site_spec {
    const struct external *external;
    const char *command; /* of `external`: to serve, or to try */
    const char *options; /* words to add to the command; NULL for none */
    enum protocol protocol;
    unsigned connections;
    const char *path; /* what will be asked for */
    /* of our servers to that, for the file below {root}; or NULL */
    const struct answer *answer;
};

/* Make the directory and the command. Returns false with one line in `error`. Remove it with
 * external_site_remove() in both cases. */
bool external_site_make(struct external_site *site, const struct external_site_spec *spec,
                        char *error, size_t error_size);
void external_site_remove(struct external_site *site);

/* The distribution's Python, for which its packages are installed: another python3 may stand before
 * it on PATH. */
const char *external_python(void);

#endif
