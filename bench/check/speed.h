/* Level 9: how fast a server is beside the model that it claims to be. */
#ifndef IOM_CHECK_SPEED_H
#define IOM_CHECK_SPEED_H

#include "bench/duel/duel.h"

enum { SPEED_POINTS = 5 };

enum speed_outcome {
    SPEED_NOT_TRIED,
    SPEED_GOOD,
    SPEED_SLOW,
    SPEED_CANNOT_TELL, /* the noise is wider than the question */
    SPEED_BROKEN,      /* a server failed under the load */
    SPEED_INTERRUPTED,
};

struct speed {
    enum speed_outcome outcome;
    /* The server's requests per second as a part of the model's: the interval with error 5 %, valid
     * whenever one looks (duel/decide.h). */
    double low, high;
    char text[700]; /* one line */
};

struct speed_spec {
    const struct duel_spec *duel; /* A: the server, B: the model */
    double at_least;              /* part of the model's requests per second; good from here */
};

void speed_judge(struct speed *s, const struct speed_spec *spec);

#endif
