#include "bench/record/run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "common/err.h"

/* Make what is missing of `path`. Returns whether its last part is new. */
static bool make_path(const char *path)
{
    char *copy = xstrdup(path);
    bool made = false;
    for (char *at = copy + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        made = mkdir(copy, 0777) == 0;
        if (!made && errno != EEXIST)
            die_errno("cannot make the directory %s", copy);
        *at = kept;
        if (kept == '\0')
            break;
    }
    free(copy);
    return made;
}

void run_dir_make(const char *dir)
{
    char *histograms = text_format("%s/histograms", dir);
    make_path(histograms);
    free(histograms);
}

char *run_dir_make_new(const char *results, const char *scenario)
{
    char date[32];
    time_t now = time(NULL);
    struct tm local;
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", localtime_r(&now, &local));
    char *dir = text_format("%s/%s-%s", results, scenario, date);
    for (unsigned n = 2; !make_path(dir); n++) {
        free(dir);
        dir = text_format("%s/%s-%s-%u", results, scenario, date, n);
    }
    run_dir_make(dir);
    return dir;
}

static bool later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Call `each` for every directory in `dir` that has `file`, in the order of the names; where a
 * directory has no such file, for those in it: 'iomodels run all' makes a directory of runs. */
static void for_each(const char *dir, const char *file, int levels,
                     void (*each)(const char *dir, const struct stat *file, void *to), void *to)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct stat st;
        char *one = text_format("%s/%s", dir, entries[i]->d_name);
        char *path = text_format("%s/%s", one, file);
        if (entries[i]->d_name[0] != '.') {
            if (stat(path, &st) == 0)
                each(one, &st, to);
            else if (levels > 1)
                for_each(one, file, levels - 1, each, to);
        }
        free(path);
        free(one);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

struct newest {
    char *dir;
    struct timespec when;
};

static void take_newer(const char *dir, const struct stat *file, void *to)
{
    struct newest *newest = to;
    if (!later(&file->st_mtim, &newest->when))
        return;
    newest->when = file->st_mtim;
    free(newest->dir);
    newest->dir = xstrdup(dir);
}

char *run_dir_newest(const char *results, const char *file)
{
    struct newest newest = {0};
    for_each(results, file, 2, take_newer, &newest);
    return newest.dir;
}

static void print(const char *dir, const struct stat *file, void *to)
{
    (void)file;
    (void)to;
    printf("%s\n", dir);
}

void run_dir_print_all(const char *results)
{
    for_each(results, "environment.json", 2, print, NULL);
}

struct found {
    char *dir;
    struct timespec when;
};

static int by_time(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return later(&x->when, &y->when)   ? 1
           : later(&y->when, &x->when) ? -1
                                       : strcmp(x->dir, y->dir);
}

char **run_dirs_below(const char *dir, size_t *count)
{
    struct found *all = NULL;
    struct dirent *entry;
    DIR *d = opendir(dir);
    *count = 0;
    while (d && (entry = readdir(d))) {
        struct stat st;
        char *one = text_format("%s/%s", dir, entry->d_name);
        char *file = text_format("%s/scenario.ini", one);
        char *environment = text_format("%s/environment.json", one);
        char *crawl = text_format("%s/crawl.csv", one);
        bool run = entry->d_name[0] != '.' &&
                   (access(environment, F_OK) == 0 || access(crawl, F_OK) == 0) &&
                   stat(file, &st) == 0;
        free(crawl);
        free(environment);
        free(file);
        if (!run) {
            free(one);
            continue;
        }
        all = xrealloc(all, (*count + 1) * sizeof *all);
        all[(*count)++] = (struct found){one, st.st_mtim};
    }
    if (d)
        closedir(d);
    if (*count == 0)
        return NULL;
    qsort(all, *count, sizeof *all, by_time);
    char **dirs = xcalloc(*count, sizeof *dirs);
    for (size_t i = 0; i < *count; i++)
        dirs[i] = all[i].dir;
    free(all);
    return dirs;
}

int run_dir_lock(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open the directory %s", dir);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno == EWOULDBLOCK)
        die("another run is going on in %s", dir);
    warn("cannot lock %s: %s; see that no other run uses it", dir, strerror(errno));
    close(fd);
    return -1;
}

void run_dir_begin(const char *dir, const char *scenario_text)
{
    char *rows = text_format("%s/trials.csv", dir);
    if (access(rows, F_OK) == 0)
        die("%s holds a run already; --resume %s goes on with it", dir, dir);
    free(rows);
    char *copy = text_format("%s/scenario.ini", dir);
    text_write_file(copy, scenario_text);
    free(copy);
}
