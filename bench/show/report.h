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

/* One of the runs of a report. */
struct report_run {
    const struct results *results;
    char *name; /* the scenario's, and a number where several runs have it */
    char *href; /* where its files are, as an address from the page: "" or "idle/" */
    char *
        mark; /* what its ids end with, so that no two on the page are the same: "" or "-idle" */
};

struct report {
    struct report_run *runs;
    size_t count;
    const char **models; /* all servers of all runs, in the order of the textbook */
    size_t model_count;
};

/* Write DIR/report.html and DIR/report.md from `count` runs and the pictures in their plots/, whose
 * lack is told on the page. Returns false with one line in `error`. */
bool report_write(const struct results *runs, size_t count, const char *dir, char *error,
                  size_t error_size);

/* Write what report.md has to `f`; links are from `dir`. */
void report_print_markdown(FILE *f, const struct results *runs, size_t count, const char *dir);

#endif
