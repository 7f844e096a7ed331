/* Finding a lesson, measuring it, and measuring many to see whether they say what is so. */
#ifndef IOM_LESSON_CHECK_H
#define IOM_LESSON_CHECK_H

#include "bench/base/paths.h"
#include "bench/lesson/measure.h"

struct lesson_run {
    struct paths paths; /* first: paths_rows */
    uint64_t seed;
    bool seeded;
    unsigned rounds;    /* 0: the lesson's own */
    uint64_t window_ns; /* 0: the lesson's own */
};

/* The lesson `name`: a number, a name, or a file. Ends the program where there is none, or where it
 * is wrong. */
void lesson_find(struct lesson *l, const char *name, uint64_t seed);

/* The servers of `l`. As lesson_servers_find(). */
void lesson_run_find(struct lesson_servers *s, const struct lesson *l,
                     const struct lesson_run *run);

/* Measure `l`, with a word on standard error about how long it takes. As lesson_measure(). */
bool lesson_run_measure(struct lesson_measured *m, const struct lesson *l,
                        const struct lesson_servers *servers, const struct lesson_run *run);

/* Measure the lessons that `names` names, or all where `count` is 0. The exit status: 1 where a
 * claim is contradicted, or where the answer of a lesson could not be measured. */
int lesson_check(const struct lesson_run *run, char **names, size_t count);

#endif
