/* Run directories: made, and held by one run at a time. */
#ifndef IOM_RUN_DIR_H
#define IOM_RUN_DIR_H

#include <stddef.h>

/* Each of these ends the program with a line where it fails. */

/* Make the directory `dir`, those above it, and histograms/ in it; there may be one already. */
void run_dir_make(const char *dir);

/* Make a new directory below `results` that no other run has: SCENARIO-DATE, and if there is one of
 * that name SCENARIO-DATE-2 and so on. Returns its path; the caller frees it. */
char *run_dir_make_new(const char *results, const char *scenario);

/* The newest run below `results`: the directory whose `file` (environment.json, which every run
 * has, or report.html) was written last. Where a directory has no such file, its own directories
 * count: it holds several runs. NULL where there is none. The caller frees it. */
char *run_dir_newest(const char *results, const char *file);

/* Print the runs below `results`, by name, each with its path on a line of its own. */
void run_dir_print_all(const char *results);

/* The runs in the directories below `dir`, which iomodels run all makes: those with an
 * environment.json or a crawl.csv, the oldest first. The caller frees each and the array.
 * `*count` is 0 and the array NULL where there is none. */
char **run_dirs_below(const char *dir, size_t *count);

/* Lock a run directory by flock(2) on the directory itself: the lock ends with the program,
 * however the program ends. Returns the descriptor that holds the lock; no child inherits it.
 * Where the file system has no such locks there is a warning, and -1. */
int run_dir_lock(const char *dir);

/* Begin a run there: ends the program if one was begun before. Keeps the text of its scenario. */
void run_dir_begin(const char *dir, const char *scenario_text);

#endif
