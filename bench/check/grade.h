/* All cases of a server, and what they come to. */
#ifndef IOM_CHECK_GRADE_H
#define IOM_CHECK_GRADE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/check/case.h"
#include "bench/check/play.h"
#include "bench/check/speed.h"

enum { GRADE_LEVELS = CASE_LEVELS + 1 };

struct graded {
    const struct check_case *c;
    struct played played;
};

struct grade_level {
    unsigned points, of; /* of the cases that say something of this server */
    unsigned failed, skipped, cases;
};

struct grade {
    struct graded *at;
    size_t count;
    struct grade_level levels[GRADE_LEVELS + 1]; /* from 1 */
    unsigned points, of;
    /* All that was tried from the lowest level on was passed up to this one; 0: none. */
    unsigned reached;
    bool failed; /* any case, or the speed */
    bool interrupted;
    struct speed speed;
};

struct grade_spec {
    struct play_spec play;
    const bool *services;                 /* that the server has, by enum protocol */
    const char *only;                     /* the case of this name alone; NULL: all */
    unsigned from, to;                    /* levels */
    const struct speed_spec *speed;       /* NULL: level 9 is not tried */
    void (*tell)(const struct graded *g); /* after each case; NULL: nobody */
};

/* Play the cases of `list`, lowest level first. A server that passes no case of the first level is
 * not tried any further: the others fail. Free with grade_free(). */
void grade_run(struct grade *g, const struct case_list *list, const struct grade_spec *spec);
void grade_free(struct grade *g);

#endif
