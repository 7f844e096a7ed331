/* The servers of a lesson's sides, and why some cannot run here. */
#ifndef IOM_LESSON_SERVERS_H
#define IOM_LESSON_SERVERS_H

#include "bench/duel/contestant.h"
#include "bench/lesson/expression.h"

struct lesson_servers {
    struct contestant at[LESSON_SIDES];
    char *names[LESSON_SIDES];   /* of these, which borrow them */
    char *missing[LESSON_SIDES]; /* why a side cannot run here, one line; NULL where it can */
    size_t there;                /* sides that can run */
};

/* Find the server of each side of `l` in the directory `servers`, or in `helpers` where only
 * lessons know the server (bench/lessons/). Starts each for a moment to ask what it is.
 * lesson_servers_free() afterwards. */
void lesson_servers_find(struct lesson_servers *s, const struct lesson *l, const char *servers,
                         const char *helpers);
void lesson_servers_free(struct lesson_servers *s);

/* Why the sides that `e` asks for cannot run here; NULL where they can. */
const char *lesson_missing(const struct lesson_servers *s, const struct lesson_expression *e);

#endif
