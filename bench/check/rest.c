#include "bench/check/rest.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "common/clock.h"

/* The letter of a task's state: proc_pid_stat(5), behind the name in parentheses. 0: it has
 * ended. */
static char state_in(const char *file)
{
    char *stat = text_read_file(file);
    const char *behind = stat ? strrchr(stat, ')') : NULL;
    char state = behind && behind[1] == ' ' ? behind[2] : '\0';
    free(stat);
    return state;
}

/* Whether a thread of the process is in one of the states. */
static bool has_state(pid_t pid, const char *states)
{
    bool found = false;
    char *path = text_format("/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && !found && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        char *file = text_format("%s/%s/stat", path, entry->d_name);
        char state = state_in(file);
        found = state && strchr(states, state);
        free(file);
    }
    if (dir)
        closedir(dir);
    free(path);
    return found;
}

static bool any_has_state(pid_t root, const char *states)
{
    struct tree tree;
    bool found = false;
    tree_find(&tree, root);
    for (size_t i = 0; i < tree.count && !found; i++)
        found = has_state(tree.pids[i], states);
    tree_free(&tree);
    return found;
}

bool rest_runs(pid_t root)
{
    return any_has_state(root, "R");
}

static void signal_tree(pid_t root, int number)
{
    struct tree tree;
    tree_find(&tree, root);
    tree_signal(&tree, number);
    tree_free(&tree);
}

bool rest_freeze(pid_t root, uint64_t deadline)
{
    struct timespec ms = ns_timespec(NS_PER_MS);
    /* Again and again: one that was not stopped yet may have made another. */
    for (signal_tree(root, SIGSTOP); any_has_state(root, "RSD"); signal_tree(root, SIGSTOP)) {
        if (clock_ns() >= deadline)
            return false;
        nanosleep(&ms, NULL);
    }
    return true;
}

void rest_thaw(pid_t root)
{
    signal_tree(root, SIGCONT);
}
