#include "bench/scale/limits.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "bench/scale/group.h"

/* Of this program: two memory files and a pidfd for each process, and two pipes for a generator;
 * besides the pipes of one start, honest clients, and what it has itself. */
enum { DESCRIPTORS_A_PAIR = 8, OTHER_DESCRIPTORS = 96 };
/* Honest clients, and what else this program starts. */
enum { OTHER_TASKS = 8 };

/* /proc/PID/task has a link from each thread's directory, and two of its own. */
static double tasks_of_user(void)
{
    DIR *all = opendir("/proc");
    struct dirent *entry;
    double sum = 0;

    while (all && (entry = readdir(all))) {
        char path[300];
        struct stat s;
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/task", entry->d_name);
        if (stat(path, &s) == 0 && s.st_uid == getuid() && s.st_nlink > 2)
            sum += (double)(s.st_nlink - 2);
    }
    if (all)
        closedir(all);
    return sum;
}

/* Root is not held to it (fork(2)). */
static double left_of_user(void)
{
    struct rlimit limit;

    if (getuid() == 0 || getrlimit(RLIMIT_NPROC, &limit) != 0 ||
        limit.rlim_cur == RLIM_INFINITY)
        return INFINITY;
    return (double)limit.rlim_cur - tasks_of_user();
}

/* Of the whole machine. "0.10 0.20 0.30 2/345 6789": 345 tasks. */
static double tasks_now(void)
{
    char *text = text_read_file("/proc/loadavg");
    unsigned long tasks = 0;

    if (text && sscanf(text, "%*f %*f %*f %*u/%lu", &tasks) != 1)
        tasks = 0;
    free(text);
    return (double)tasks;
}

static double left_of_file(const char *path, double now)
{
    char *text = text_read_file(path);
    double left = text ? strtod(text, NULL) - now : INFINITY;

    free(text);
    return left;
}

void scale_limits_read(struct scale_limits *out, double descriptors)
{
    double now = tasks_now();
    const struct {
        double left;
        const char *of;
    } limits[] = {
        {left_of_file("/proc/sys/kernel/threads-max", now), "kernel.threads-max"},
        {left_of_file("/proc/sys/kernel/pid_max", now), "kernel.pid_max"},
        {group_left("pids"), "pids.max of the control group"},
        {left_of_user(), "ulimit -u"},
    };

    *out = (struct scale_limits){.descriptors = descriptors, .tasks = INFINITY};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].left < out->tasks) {
            out->tasks = limits[i].left;
            out->of = limits[i].of;
        }
}

bool scale_limits_suffice(const struct scale_limits *l, const struct scale_shape *s,
                          const struct scale_cost *cost, char *reason, size_t reason_size)
{
    double descriptors = (double)DESCRIPTORS_A_PAIR * s->pairs + OTHER_DESCRIPTORS;
    double server =
        cost ? cost->tasks_pair * s->pairs + cost->tasks_each * s->connections : s->pairs;
    double tasks = server + s->pairs + OTHER_TASKS;
    char numbers[3][32];

    if (descriptors > l->descriptors)
        snprintf(reason, reason_size,
                 "%s connections take %u servers and as many load generators: this program "
                 "needs %s descriptors to watch them, and may have %s (ulimit -Hn)",
                 figure_thousands(s->connections, numbers[0]), s->pairs,
                 figure_thousands(descriptors, numbers[1]),
                 figure_thousands(l->descriptors, numbers[2]));
    else if (tasks > l->tasks)
        snprintf(
            reason, reason_size,
            "%s connections take %s threads and processes, and %s more may be started (%s)",
            figure_thousands(s->connections, numbers[0]), figure_thousands(tasks, numbers[1]),
            figure_thousands(fmax(0, l->tasks), numbers[2]), l->of);
    else
        return true;
    return false;
}
