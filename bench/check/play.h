/* One case played against a server. */
#ifndef IOM_CHECK_PLAY_H
#define IOM_CHECK_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/check/case.h"
#include "bench/plan/external.h"

struct play_spec {
    const struct external *server;
    unsigned at_once;     /* clients that the server serves at one time; 0: no limit */
    uint64_t idle_ns;     /* after which it promises to close an idle connection; 0: unsaid */
    uint64_t patience_ns; /* a wait that lasts longer has failed */
    FILE *live;           /* the transcript goes here too, as it comes; NULL: nowhere */
};

enum play_outcome { PLAY_PASSED, PLAY_FAILED, PLAY_SKIPPED, PLAY_INTERRUPTED };

struct played {
    enum play_outcome outcome;
    char *reason;     /* why it failed or was left out; NULL where it passed */
    char *transcript; /* the case and what happened; a case itself */
    char *said;       /* what the server wrote to its standard error */
};

/* Play it with a server of its own. Free with played_free(). */
void play(const struct check_case *c, const struct play_spec *spec, struct played *out);
void played_free(struct played *p);

#endif
