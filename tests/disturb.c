/* Runs a command while something else takes half of every CPU, in bursts: what a neighbour on a
 * shared machine does to a test. scripts/disturb builds and starts it.
 *
 *     disturb COMMAND [ARGUMENT]...
 *
 * On each CPU that the command may use a process spins for 40 ms and then sleeps for 40 ms. The
 * command takes the place of this program: its process id, signals and exit status are its own. The
 * spinning processes are no children of the command. They watch the command through a pidfd, and
 * they end with the command, however that ends. Needs Linux 5.9: pidfd_open(2), close_range(2). */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

#define BURST_MS 40

static void spin(void)
{
    uint64_t end = clock_ns() + BURST_MS * NS_PER_MS;

    while (clock_ns() < end)
        ;
}

/* Spins on one CPU until the process of `watched` has ended. */
static _Noreturn void burn(int watched, size_t cpu)
{
    struct pollfd ended = {.events = POLLIN};
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die_errno("cannot run on CPU %zu", cpu);
    /* Out of the command's session, and without the pipes whose end somebody may wait for. */
    setsid();
    if (dup2(watched, STDIN_FILENO) < 0 ||
        syscall(SYS_close_range, STDIN_FILENO + 1, ~0U, 0) < 0)
        die_errno("cannot give up the command's files");
    ended.fd = STDIN_FILENO;
    do
        spin();
    while (poll(&ended, 1, BURST_MS) == 0); /* not judged: the pause between two bursts */
    _exit(0);
}

/* A process for each CPU. Their parent ends at once, and init adopts them: the command must not
 * find children that it did not start. */
static void start_burners(int watched)
{
    cpu_set_t allowed;
    int status;
    pid_t parent;

    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        die_errno("cannot tell which CPUs there are");
    parent = fork();
    if (parent < 0)
        die_errno("cannot fork");
    if (parent == 0) {
        for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (!CPU_ISSET(cpu, &allowed))
                continue;
            pid_t burner = fork();
            if (burner < 0)
                die_errno("cannot fork");
            if (burner == 0)
                burn(watched, cpu);
        }
        _exit(0);
    }
    while (waitpid(parent, &status, 0) < 0)
        if (errno != EINTR)
            die_errno("cannot wait for the processes that spin");
    if (status != 0)
        exit(1);
}

int main(int argc, char **argv)
{
    err_set_program(argv[0]);
    if (argc < 2) {
        warn("usage: disturb COMMAND [ARGUMENT]...");
        return EXIT_USAGE;
    }
    /* A caller may have it ignored, and then there would be no status to wait for. */
    void (*before)(int) = signal(SIGCHLD, SIG_DFL);
    int watched = (int)syscall(SYS_pidfd_open, getpid(), 0);

    if (watched < 0)
        die_errno("cannot watch a process (pidfd_open)");
    start_burners(watched);
    close(watched);
    signal(SIGCHLD, before);
    execvp(argv[1], argv + 1);
    int why = errno;
    warn("cannot run %s: %s", argv[1], strerror(why));
    return why == ENOENT ? 127 : 126;
}
