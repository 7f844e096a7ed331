#include "bench/base/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

struct entry {
    pid_t pid;
    pid_t parent;
    unsigned threads;
};

static const char *read_small(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    ssize_t n = read(fd, buffer, size - 1);
    close(fd);
    if (n < 0)
        return NULL;
    buffer[n] = '\0';
    return buffer;
}

/* Fields of /proc/PID/stat from the third on; the second, the program's name in parentheses,
 * may hold spaces and parentheses itself. */
static const char *stat_fields(pid_t pid, char *buffer, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const char *text = read_small(path, buffer, size);
    const char *close = text ? strrchr(text, ')') : NULL;
    return close ? close + 2 : NULL;
}

static struct entry *list_processes(size_t *count)
{
    struct entry *list = NULL;
    size_t room = 0;
    *count = 0;

    DIR *proc = opendir("/proc");
    if (!proc)
        die_errno("cannot read /proc");
    struct dirent *d;
    while ((d = readdir(proc))) {
        char *end;
        long pid = strtol(d->d_name, &end, 10);
        if (pid <= 0 || *end != '\0')
            continue;
        char buffer[1024];
        const char *fields = stat_fields((pid_t)pid, buffer, sizeof buffer);
        int parent;
        long threads;
        /* state ppid, then 15 more up to num_threads: fields 3, 4 and 20 */
        if (!fields ||
            sscanf(fields,
                   "%*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld",
                   &parent, &threads) != 2)
            continue;
        if (*count == room)
            list = xrealloc(list, (room = room ? room * 2 : 256) * sizeof *list);
        list[(*count)++] = (struct entry){(pid_t)pid, parent, (unsigned)threads};
    }
    closedir(proc);
    return list;
}

static int by_parent(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return (x->parent > y->parent) - (x->parent < y->parent);
}

/* The first entry whose parent is not below `parent`. */
static size_t first_child(const struct entry *list, size_t count, pid_t parent)
{
    size_t low = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (list[low + half].parent < parent) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

void tree_find(struct tree *t, pid_t root)
{
    size_t n;
    struct entry *list = list_processes(&n);
    qsort(list, n, sizeof *list, by_parent);

    t->pids = xcalloc(n + 1, sizeof *t->pids);
    t->pids[0] = root;
    t->count = 1;
    t->threads = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].pid == root)
            t->threads = list[i].threads;
    for (size_t done = 0; done < t->count; done++) {
        pid_t parent = t->pids[done];
        for (size_t i = first_child(list, n, parent); i < n && list[i].parent == parent; i++) {
            if (t->count > n)
                break; /* /proc is no snapshot; a pid seen twice must not run past the end */
            t->pids[t->count++] = list[i].pid;
            t->threads += list[i].threads;
        }
    }
    free(list);
}

void tree_free(struct tree *t)
{
    free(t->pids);
    *t = (struct tree){0};
}

static double field_kib(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtod(at + strlen(name), NULL) : NAN;
}

/* The first number of /proc/PID/statm: pages that are mapped. */
static double mapped_kib(pid_t pid)
{
    char path[64];
    char buffer[256];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    const char *text = read_small(path, buffer, sizeof buffer);
    return text ? strtod(text, NULL) * (double)sysconf(_SC_PAGESIZE) / 1024 : 0;
}

struct tree_memory tree_memory(const struct tree *t)
{
    struct tree_memory sum = {0, 0, 0};
    size_t seen = 0;
    for (size_t i = 0; i < t->count; i++) {
        char path[64];
        char buffer[4096];
        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)t->pids[i]);
        const char *text = read_small(path, buffer, sizeof buffer);
        if (!text || !strstr(text, "\nPss:"))
            continue;
        seen++;
        sum.rss_kib += field_kib(text, "\nRss:");
        double own = field_kib(text, "\nPss_Anon:") + field_kib(text, "\nPss_Shmem:");
        sum.pss_kib += isnan(own) ? field_kib(text, "\nPss:") : own;
        sum.mapped_kib += mapped_kib(t->pids[i]);
    }
    return seen ? sum : (struct tree_memory){NAN, NAN, NAN};
}

static uint64_t process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return timespec_ns(t);
}

static uint64_t tick_ns(void)
{
    return NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* What `pid` has waited for; false where /proc does not tell. */
static bool waited_for(pid_t pid, uint64_t *ns)
{
    char buffer[1024];
    const char *fields = stat_fields(pid, buffer, sizeof buffer);
    unsigned long user;
    unsigned long system;
    /* cutime and cstime: fields 16 and 17 */
    if (!fields || sscanf(fields, "%*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu",
                          &user, &system) != 2)
        return false;
    *ns = (user + system) * tick_ns();
    return true;
}

uint64_t tree_cpu_ns(const struct tree *t)
{
    uint64_t ns = 0, waited = 0;
    for (size_t i = 0; i < t->count; i++)
        ns += process_cpu_ns(t->pids[i]);
    return waited_for(t->pids[0], &waited) ? ns + waited : ns;
}

struct root_cpu tree_root_cpu(pid_t root)
{
    uint64_t own = process_cpu_ns(root), waited;
    if (own == 0 || !waited_for(root, &waited))
        return (struct root_cpu){NAN, NAN};
    return (struct root_cpu){(double)own, (double)waited};
}

void root_cpu_add(struct root_cpu *sum, struct root_cpu from, struct root_cpu to)
{
    sum->own_ns += to.own_ns - from.own_ns;
    sum->waited_ns += to.waited_ns - from.waited_ns;
}

double tree_cpu_with_ended(double counted_ns, struct root_cpu used, unsigned windows)
{
    /* User and system time are cut off to whole ticks at both ends of a window, each time by
     * another part of a tick. */
    double unsure = used.waited_ns > 0 ? 2 * sqrt(windows) * (double)tick_ns() : 0;
    double sum = used.own_ns + used.waited_ns;
    return sum > counted_ns + unsure ? sum : counted_ns;
}

uint64_t tree_faults(const struct tree *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < t->count; i++) {
        char buffer[1024];
        const char *fields = stat_fields(t->pids[i], buffer, sizeof buffer);
        unsigned long own, waited_for;
        /* minflt and cminflt: fields 10 and 11 */
        if (fields &&
            sscanf(fields, "%*c %*s %*s %*s %*s %*s %*s %lu %lu", &own, &waited_for) == 2)
            sum += own + (i == 0 ? waited_for : 0);
    }
    return sum;
}

void tree_signal(const struct tree *t, int number)
{
    for (size_t i = 0; i < t->count; i++)
        kill(t->pids[i], number);
}
