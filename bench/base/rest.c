#include "bench/base/rest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "common/clock.h"

/* Whether `in` holds for the state of any task of the process: the letter behind the name in
 * /proc/PID/task/TID/stat (proc(5)). */
static bool any_task(pid_t pid, bool (*in)(char state))
{
    bool found = false;
    char *path = text_format("/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        char *file = text_format("%s/%s/stat", path, e->d_name);
        char *stat = e->d_name[0] == '.' ? NULL : text_read_file(file);
        const char *behind = stat ? strrchr(stat, ')') : NULL;
        found = behind && behind[1] == ' ' && in(behind[2]);
        free(stat);
        free(file);
    }
    if (d)
        closedir(d);
    free(path);
    return found;
}

bool rest_any(pid_t root, bool (*in)(char state))
{
    struct tree t;
    bool found = false;
    tree_find(&t, root);
    for (size_t i = 0; i < t.count && !found; i++)
        found = any_task(t.pids[i], in);
    tree_free(&t);
    return found;
}

static bool awake(char state)
{
    return state != 'S';
}

bool rest_now(pid_t root)
{
    return !rest_any(root, awake);
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
