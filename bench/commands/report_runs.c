#include "bench/commands/report_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/crawl/section.h"
#include "bench/record/run_dir.h"
#include "bench/show/report.h"
#include "common/err.h"

static bool read_crawl(struct runs *runs, const char *dir, char *error, size_t error_size)
{
    runs->crawls = xrealloc(runs->crawls, (runs->crawl_count + 1) * sizeof *runs->crawls);
    return crawl_results_read(&runs->crawls[runs->crawl_count++], dir, error, error_size);
}

static bool read_one(struct runs *runs, const char *dir, char *error, size_t error_size)
{
    if (crawl_results_are_in(dir))
        return read_crawl(runs, dir, error, error_size);
    runs->at = xrealloc(runs->at, (runs->count + 1) * sizeof *runs->at);
    bool good = results_read(&runs->at[runs->count], dir, error, error_size);
    runs->count += good;
    return good;
}

static bool is_run(const char *dir)
{
    char *file = text_format("%s/environment.json", dir);
    bool found = access(file, F_OK) == 0;
    free(file);
    return found || crawl_results_are_in(dir);
}

bool runs_read(struct runs *runs, char *const *dirs, size_t count, char *error,
               size_t error_size)
{
    bool good = true;
    *runs = (struct runs){0};
    for (size_t i = 0; good && i < count; i++) {
        size_t n = 0;
        char **below = is_run(dirs[i]) ? NULL : run_dirs_below(dirs[i], &n);
        /* A directory without any run is told of as a run that cannot be read. */
        if (n == 0)
            good = read_one(runs, dirs[i], error, error_size);
        for (size_t k = 0; k < n; k++) {
            good = good && read_one(runs, below[k], error, error_size);
            free(below[k]);
        }
        free(below);
    }
    return good;
}

void runs_free(struct runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        results_free(&runs->at[i]);
    for (size_t i = 0; i < runs->crawl_count; i++)
        crawl_results_free(&runs->crawls[i]);
    free(runs->crawls);
    free(runs->at);
    *runs = (struct runs){0};
}

/* The parts are to be freed with free_report(). */
static struct report_of make_report(const struct runs *runs)
{
    struct report_part *parts = xcalloc(runs->crawl_count + 1, sizeof *parts);
    for (size_t i = 0; i < runs->crawl_count; i++)
        parts[i] = crawl_section(&runs->crawls[i]);
    return (struct report_of){.runs = runs->at,
                              .run_count = runs->count,
                              .parts = parts,
                              .part_count = runs->crawl_count};
}

static void free_report(struct report_of *of)
{
    struct report_part *parts = (struct report_part *)of->parts;
    for (size_t i = 0; i < of->part_count; i++)
        crawl_section_free(&parts[i]);
    free(parts);
}

bool runs_report(const struct runs *runs, const char *dir, char *error, size_t error_size)
{
    struct report_of of = make_report(runs);
    bool good = report_write(&of, dir, error, error_size);
    free_report(&of);
    return good;
}

void runs_print_markdown(FILE *f, const struct runs *runs, const char *dir)
{
    struct report_of of = make_report(runs);
    report_print_markdown(f, &of, dir);
    free_report(&of);
}

bool report_runs_below(const char *dir)
{
    char error[1024];
    struct runs runs;
    bool good = runs_read(&runs, (char *const[]){(char *)dir}, 1, error, sizeof error) &&
                runs_report(&runs, dir, error, sizeof error);
    if (good)
        printf("report: %s/report.html\n", dir);
    else
        warn("no report: %s", error);
    runs_free(&runs);
    return good;
}
