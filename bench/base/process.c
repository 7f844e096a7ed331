#include "bench/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child_env.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/inherit.h"

/* Roots of what process_end_all() spares. */
enum { STANDING_MAX = 4 };
static pid_t standing[STANDING_MAX];

static void stand(pid_t pid, bool begins)
{
    for (int i = 0; i < STANDING_MAX; i++) {
        if (standing[i] == (begins ? 0 : pid)) {
            standing[i] = begins ? pid : 0;
            return;
        }
    }
    die("more than %d processes stand", STANDING_MAX);
}

_Noreturn static void child_failed(const char *what)
{
    dprintf(STDERR_FILENO, "cannot %s: %s\n", what, strerror(errno));
    _exit(127);
}

_Noreturn static void run_child(const struct process *p, const struct process_spec *spec,
                                char **environment, int gate, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* it died before the line above */
    if (spec->netns > 0 && setns(spec->netns, CLONE_NEWNET) != 0)
        child_failed("enter its network namespace");

    int input = spec->input >= 0 ? spec->input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* Out of the way first, so that no dup2() below overwrites one that is still needed. */
    int high[4] = {input, p->out_fd, p->err_fd, spec->extra};
    for (int i = 0; i < 4; i++)
        if (high[i] >= 0 && (high[i] = fcntl(high[i], F_DUPFD_CLOEXEC, 10)) < 0)
            child_failed("duplicate a descriptor");
    int from_gate = gate >= 0 ? fcntl(gate, F_DUPFD_CLOEXEC, 10) : -1;
    for (int i = 0; i < 4; i++)
        if (high[i] >= 0 && dup2(high[i], i) < 0)
            child_failed("duplicate a descriptor");

    if (spec->cpus && sched_setaffinity(0, sizeof *spec->cpus, spec->cpus) != 0)
        child_failed("bind to its CPUs");
    if (spec->dir && chdir(spec->dir) != 0)
        child_failed("enter its directory");
    struct rlimit files = {spec->nofile, spec->nofile};
    if (spec->nofile > 0 && setrlimit(RLIMIT_NOFILE, &files) != 0)
        child_failed("limit its descriptors");
    inherit_pass_nothing(spec->extra >= 0 ? PROCESS_EXTRA_FD + 1 : PROCESS_EXTRA_FD);

    char byte;
    if (from_gate >= 0 && read(from_gate, &byte, 1) != 1)
        _exit(127);
    environ = environment;
    execvp(spec->argv[0], (char *const *)spec->argv);
    child_failed(text_format("run %s", spec->argv[0]));
}

static int memory_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        die_errno("cannot make a memory file");
    /* Several processes of one server write here: without O_APPEND they share one offset
     * anyway, but a program that opens /dev/stdout again does not. */
    fcntl(fd, F_SETFL, O_APPEND);
    return fd;
}

void process_start(struct process *p, const struct process_spec *spec)
{
    int gate[2] = {-1, -1};
    *p = (struct process){.out_fd = memory_file("stdout"),
                          .err_fd = memory_file("stderr"),
                          .stands = spec->stands};
    if (spec->gated && pipe2(gate, O_CLOEXEC) != 0)
        die_errno("cannot make a pipe");

    char **environment = spec->whole ? environ : child_env(spec->homeless);
    pid_t parent = getpid();
    fflush(NULL);
    p->pid = fork();
    if (p->pid < 0)
        die_errno("cannot fork to run %s", spec->argv[0]);
    if (p->pid == 0)
        run_child(p, spec, environment, gate[0], parent);

    setpgid(p->pid, p->pid); /* here too: one of the two comes first */
    if (p->stands)
        stand(p->pid, true);
    if (gate[0] >= 0)
        close(gate[0]);
    p->gate = gate[1];
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (p->pidfd < 0)
        die_errno("cannot watch process %d (pidfd_open needs Linux 5.3)", (int)p->pid);
    fcntl(p->pidfd, F_SETFD, FD_CLOEXEC);
}

void process_release(struct process *p)
{
    if (p->gate >= 0) {
        if (write(p->gate, "", 1) != 1)
            warn("cannot release process %d: %s", (int)p->pid, strerror(errno));
        close(p->gate);
        p->gate = -1;
    }
}

/* waitpid(2) with ordinary priority. The kernel takes what has ended out of /proc, and goes round
 * and round until each thread of it has done so for itself (proc_invalidate_siblings_dcache()).
 * With the driver's own priority on the CPU of such a thread that lasts until the kernel throttles
 * real-time processes: most of a second. */
static pid_t reap_child(pid_t pid, int *status, int options)
{
    struct sched_param own = {0};
    const struct sched_param none = {0};
    int policy = sched_getscheduler(0);
    bool lowered = policy >= 0 && (policy & ~SCHED_RESET_ON_FORK) == SCHED_FIFO &&
                   sched_getparam(0, &own) == 0 &&
                   sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) == 0;
    pid_t reaped = waitpid(pid, status, options);
    if (lowered)
        sched_setscheduler(0, policy, &own);
    return reaped;
}

bool process_wait(struct process *p, uint64_t deadline)
{
    while (!p->ended) {
        struct pollfd fd = {.fd = p->pidfd, .events = POLLIN};
        int n = poll(&fd, 1, clock_timeout_ms(clock_ns(), deadline));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p->ended = true;
        if (reap_child(p->pid, &p->status, 0) != p->pid)
            p->status = PROCESS_UNKNOWN; /* process_end_all() has reaped it */
    }
    return true;
}

bool process_stop(struct process *p, int signal_number, uint64_t deadline)
{
    if (!p->ended)
        kill(p->pid, signal_number);
    return process_wait(p, deadline);
}

void process_destroy(struct process *p)
{
    if (p->pid == 0)
        return;
    if (!p->ended) {
        kill(p->pid, SIGKILL);
        process_wait(p, clock_after(clock_ns(), 10 * NS_PER_S));
    }
    kill(-p->pid, SIGKILL); /* what the group's leader left */
    if (p->stands)
        stand(p->pid, false);
    if (p->gate >= 0)
        close(p->gate);
    close(p->pidfd);
    close(p->out_fd);
    close(p->err_fd);
    *p = (struct process){.gate = -1};
}

/* By position: the child's writes share the descriptor's own offset. */
static char *read_from_start(int fd)
{
    struct stat st;
    size_t size = fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
    char *text = xmalloc(size + 1);
    ssize_t n = pread(fd, text, size, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

char *process_output(const struct process *p)
{
    return read_from_start(p->out_fd);
}

char *process_errors(const struct process *p)
{
    return read_from_start(p->err_fd);
}

void process_end_reason(const struct process *p, char *out, size_t out_size)
{
    char line[256];
    char *text = process_errors(p);
    text_last_line(text, line, sizeof line);
    free(text);

    const char *colon = line[0] ? ": " : "";
    if (p->status == PROCESS_UNKNOWN)
        snprintf(out, out_size, "exit status unknown%s%s", colon, line);
    else if (WIFSIGNALED(p->status))
        snprintf(out, out_size, "killed by signal %d (%s)%s%s", WTERMSIG(p->status),
                 strsignal(WTERMSIG(p->status)), colon, line);
    else
        snprintf(out, out_size, "exit status %d%s%s", WEXITSTATUS(p->status), colon, line);
}

void process_adopt_orphans(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        die_errno("cannot become the parent of orphans (PR_SET_CHILD_SUBREAPER)");
}

/* Reap all that have ended; whether any child is left. */
static bool reap(void)
{
    pid_t pid;
    while ((pid = reap_child(-1, NULL, WNOHANG)) > 0)
        ;
    return pid == 0;
}

/* Whether `pid` stands, or is below one that does. */
static bool spared(const struct tree trees[STANDING_MAX], pid_t pid)
{
    for (int i = 0; i < STANDING_MAX; i++)
        for (size_t k = 0; k < trees[i].count; k++)
            if (trees[i].pids[k] == pid)
                return true;
    return false;
}

/* Send a signal, or none (0), to all below this process that do not stand; returns how many there
 * are. What escaped into a session of its own is there too. */
static unsigned each_left(int signal_number)
{
    struct tree trees[STANDING_MAX] = {0};
    struct tree all;
    unsigned n = 0;
    for (int i = 0; i < STANDING_MAX; i++)
        if (standing[i])
            tree_find(&trees[i], standing[i]);
    tree_find(&all, getpid());
    for (size_t i = 1; i < all.count; i++)
        n += !spared(trees, all.pids[i]) && kill(all.pids[i], signal_number) == 0;
    tree_free(&all);
    for (int i = 0; i < STANDING_MAX; i++)
        tree_free(&trees[i]);
    return n;
}

static bool any_stands(void)
{
    for (int i = 0; i < STANDING_MAX; i++)
        if (standing[i])
            return true;
    return false;
}

unsigned process_end_all(uint64_t grace)
{
    uint64_t deadline = clock_after(clock_ns(), grace);
    unsigned killed = 0;

    while (reap() && (!any_stands() || each_left(0) > 0)) {
        if (clock_ns() >= deadline) {
            killed += each_left(SIGKILL);
            deadline = clock_after(clock_ns(), NS_PER_S);
        }
        /* No event tells of the end of a child that is not ours by name. */
        struct timespec ms = ns_timespec(NS_PER_MS);
        nanosleep(&ms, NULL);
    }
    return killed;
}
