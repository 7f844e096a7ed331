#include "bench/check/freeze.h"

#include <signal.h>
#include <time.h>

#include "bench/base/rest.h"
#include "bench/base/tree.h"
#include "common/clock.h"

static bool runs(char state)
{
    return state == 'R';
}

static bool is_not_stopped(char state)
{
    return state == 'R' || state == 'S' || state == 'D';
}

bool freeze_runs(pid_t root)
{
    return rest_any(root, runs);
}

uint64_t freeze_cpu_ns(pid_t root)
{
    struct tree tree;
    tree_find(&tree, root);
    uint64_t ns = tree_cpu_ns(&tree);
    tree_free(&tree);
    return ns;
}

static void signal_tree(pid_t root, int number)
{
    struct tree tree;
    tree_find(&tree, root);
    tree_signal(&tree, number);
    tree_free(&tree);
}

bool freeze_begin(pid_t root, uint64_t deadline)
{
    struct timespec ms = ns_timespec(NS_PER_MS);
    /* Again and again: one that was not stopped yet may have made another. */
    for (signal_tree(root, SIGSTOP); rest_any(root, is_not_stopped);
         signal_tree(root, SIGSTOP)) {
        if (clock_ns() >= deadline)
            return false;
        nanosleep(&ms, NULL);
    }
    return true;
}

void freeze_end(pid_t root)
{
    signal_tree(root, SIGCONT);
}
