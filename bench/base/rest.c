#include "bench/base/rest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "common/clock.h"

static bool task_sleeps(pid_t pid, const char *task)
{
    char *path = text_format("/proc/%d/task/%s/stat", (int)pid, task);
    char *stat = text_read_file(path);
    const char *state = stat ? strrchr(stat, ')') : NULL;
    bool sleeps = !state || state[1] != ' ' || state[2] == 'S';
    free(stat);
    free(path);
    return sleeps;
}

static bool process_sleeps(pid_t pid)
{
    char *path = text_format("/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    bool sleeps = true;
    free(path);
    for (struct dirent *e; d && sleeps && (e = readdir(d));)
        sleeps = e->d_name[0] == '.' || task_sleeps(pid, e->d_name);
    if (d)
        closedir(d);
    return sleeps;
}

bool rest_now(pid_t root)
{
    struct tree t;
    bool sleep = true;
    tree_find(&t, root);
    for (size_t i = 0; i < t.count && sleep; i++)
        sleep = process_sleeps(t.pids[i]);
    tree_free(&t);
    return sleep;
}

bool rest_wait(pid_t root, uint64_t deadline)
{
    struct timespec pause = ns_timespec(REST_PAUSE_MS * NS_PER_MS);
    int asleep = 0;
    while (asleep < REST_LOOKS && clock_ns() < deadline) {
        asleep = rest_now(root) ? asleep + 1 : 0;
        nanosleep(&pause, NULL);
    }
    return asleep == REST_LOOKS;
}
