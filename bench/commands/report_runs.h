/* A report of one run or of several. */
#ifndef IOM_REPORT_RUNS_H
#define IOM_REPORT_RUNS_H

#include <stdbool.h>
#include <stddef.h>

#include <stdio.h>

#include "bench/crawl/results.h"
#include "bench/record/results.h"

/* Results of runs, in the order of their directories; those of crawl apart. */
struct runs {
    struct results *at;
    size_t count;
    struct crawl_results *crawls;
    size_t crawl_count;
};

/* Read the runs in `dirs`. A directory that is no run but holds some stands for these. False with
 * one line in `error`. Free it with runs_free() in any case. */
bool runs_read(struct runs *runs, char *const *dirs, size_t count, char *error,
               size_t error_size);
void runs_free(struct runs *runs);

/* Write DIR/report.html and DIR/report.md of them. False with one line in `error`. */
bool runs_report(const struct runs *runs, const char *dir, char *error, size_t error_size);

/* Print what report.md in directory `dir` would have. */
void runs_print_markdown(FILE *f, const struct runs *runs, const char *dir);

/* The page of the runs below `dir`, which iomodels run all has made; prints where it is, or what
 * was wrong. */
bool report_runs_below(const char *dir);

#endif
