/* report.html: runs on one page, which opens from disk and needs nothing else; and report.md, the
 * same in short for a repository. */
#ifndef IOM_REPORT_H
#define IOM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/record/results.h"

/* The most bytes of pictures on a page. What is too much is linked. */
enum { REPORT_PICTURES_MAX = 2600000 };

/* Where a section stands on the page. */
struct report_place {
    char *name; /* the scenario's, and a number where several sections have it */
    char *href; /* where its files are, as an address from the page: "" or "idle/" */
    char *mark; /* its ids end with it, so that no two are the same: "" or "-idle" */
};

/* A section of something else than models: who made it writes it. */
struct report_part {
    const char *scenario; /* its name */
    const char *dir;      /* of its files */
    char *about;          /* what was measured, on which machine, and when: a line */
    const char *finding;  /* a sentence on each line */
    const void *of;       /* of who made it; what follows is called with it */
    void (*machine)(FILE *f, const void *of);
    void (*html)(FILE *f, const void *of, const struct report_place *place, size_t *room);
    void (*markdown)(FILE *f, const void *of, const struct report_place *place);
};

/* One of the runs of a report. */
struct report_run {
    const struct results *results;
    struct report_place place;
};

/* What a report is made of. */
struct report_of {
    const struct results *runs;
    size_t run_count;
    const struct report_part *parts; /* they stand behind the runs */
    size_t part_count;
};

struct report {
    struct report_run *runs;
    size_t count;
    const struct report_part *parts;
    struct report_place *places; /* of the parts */
    size_t part_count;
    const char **models; /* all servers of all runs, in the order of the textbook */
    size_t model_count;
};

/* Write DIR/report.html and DIR/report.md from one section or more, and the pictures in their
 * plots/, whose lack is told on the page. Returns false with one line in `error`. */
bool report_write(const struct report_of *of, const char *dir, char *error, size_t error_size);

/* Write what report.md has to `f`; links are from `dir`. */
void report_print_markdown(FILE *f, const struct report_of *of, const char *dir);

#endif
