#include "bench/machine/far.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

enum turn { OURS, THEIRS };

/* How often who waits for the far end looks whether it lives. */
enum { FAR_LOOK_MS = 200 };

struct far_shared {
    _Alignas(64) _Atomic int turn[FAR_GROUPS][16]; /* each in a line of its own */
    _Alignas(64) unsigned rounds;
    bool first;
};

/* Longer than a busy machine keeps a process from its CPU. */
static const uint64_t patience = 5 * NS_PER_S;

double far_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void put(const struct pairs *p, size_t from, size_t to)
{
    static const char message[FAR_BYTES];
    for (size_t i = from; i < to && i < p->count; i++)
        if (send(p->fds[i][1], message, sizeof message, MSG_NOSIGNAL) != sizeof message)
            _exit(0);
}

static void collect(int epoll, size_t count)
{
    struct epoll_event events[FAR_PAIRS];
    char answer[FAR_BYTES];
    size_t bytes = 0;
    while (bytes < count * FAR_BYTES) {
        int n = epoll_wait(epoll, events, FAR_PAIRS, 0);
        for (int i = 0; i < n; i++) {
            ssize_t got = recv(events[i].data.fd, answer, sizeof answer, 0);
            if (got <= 0)
                _exit(0);
            bytes += (size_t)got;
        }
    }
}

/* Without sleeping. */
static bool await(struct far_shared *s, int group, int turn)
{
    uint64_t deadline = clock_ns() + patience;
    while (atomic_load_explicit(&s->turn[group][0], memory_order_acquire) != turn)
        if (clock_ns() > deadline) {
            errno = ETIMEDOUT;
            return false;
        }
    return true;
}

static bool tell(int fd)
{
    uint64_t one = 1;
    return write(fd, &one, sizeof one) == sizeof one;
}

static bool hear(int fd)
{
    uint64_t any;
    return read(fd, &any, sizeof any) == sizeof any;
}

static void set_turn(struct far_shared *s, int group, enum turn turn)
{
    atomic_store_explicit(&s->turn[group][0], turn, memory_order_release);
}

static int watch(const struct pairs *p, size_t from, size_t to)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = from; i < to && i < p->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = p->fds[i][1]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, p->fds[i][1], &event) != 0)
            _exit(1);
    }
    return epoll;
}

_Noreturn static void serve(struct far *f)
{
    const struct pairs *p = &f->pairs;
    int all = watch(p, 0, FAR_PAIRS);
    int groups[FAR_GROUPS];
    for (int g = 0; g < FAR_GROUPS; g++)
        groups[g] = watch(p, (size_t)g * FAR_GROUP, (size_t)(g + 1) * FAR_GROUP);
    while (hear(f->go)) {
        for (unsigned i = 0; i < f->shared->rounds; i++) {
            if (f->shared->first) {
                put(p, 0, FAR_PAIRS);
                collect(all, p->count);
                continue;
            }
            for (int g = 0; g < FAR_GROUPS; g++) {
                if (!await(f->shared, g, THEIRS))
                    _exit(1);
                collect(groups[g], FAR_GROUP);
                put(p, (size_t)g * FAR_GROUP, (size_t)(g + 1) * FAR_GROUP);
                set_turn(f->shared, g, OURS);
            }
        }
        tell(f->done);
    }
    _exit(0);
}

static bool start(struct far *f, int cpu)
{
    pid_t parent = getpid();
    cpu_set_t other;
    CPU_ZERO(&other);
    CPU_SET((size_t)cpu, &other);
    f->pid = fork();
    if (f->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent && sched_setaffinity(0, sizeof other, &other) == 0)
            serve(f);
        _exit(1);
    }
    return f->pid > 0;
}

bool far_open(struct far *f, const struct probe_site *site, size_t count, char *why,
              size_t why_size)
{
    *f = (struct far){.pid = -1, .go = -1, .done = -1};
    if (site->other_cpu < 0) {
        snprintf(why, why_size, "server and load generator share one CPU");
        return false;
    }
    f->shared = mmap(NULL, sizeof *f->shared, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    f->go = eventfd(0, EFD_CLOEXEC);
    f->done = eventfd(0, EFD_CLOEXEC);
    if (f->shared != MAP_FAILED && f->go >= 0 && f->done >= 0 && pairs_open(&f->pairs, count) &&
        start(f, site->other_cpu))
        return true;
    probe_refused(why, why_size, "cannot set up connections to the other CPU");
    far_close(f);
    return false;
}

void far_close(struct far *f)
{
    if (f->pid > 0) {
        kill(f->pid, SIGKILL);
        waitpid(f->pid, NULL, 0);
    }
    if (f->go >= 0)
        close(f->go);
    if (f->done >= 0)
        close(f->done);
    pairs_close(&f->pairs);
    if (f->shared != MAP_FAILED)
        munmap(f->shared, sizeof *f->shared);
}

/* It gives up where this process had no CPU for too long. */
static bool lives(struct far *f)
{
    if (f->pid > 0 && waitpid(f->pid, NULL, WNOHANG) == 0)
        return true;
    f->pid = -1;
    errno = EPIPE;
    return false;
}

bool far_begin(struct far *f, unsigned rounds, bool first)
{
    if (!lives(f))
        return false;
    f->shared->rounds = rounds;
    f->shared->first = first;
    for (int g = 0; g < FAR_GROUPS; g++)
        set_turn(f->shared, g, OURS);
    return tell(f->go);
}

bool far_end(struct far *f)
{
    struct pollfd done = {.fd = f->done, .events = POLLIN};
    while (poll(&done, 1, FAR_LOOK_MS) == 0)
        if (!lives(f))
            return false;
    return hear(f->done);
}

bool far_await(struct far *f, int group)
{
    return await(f->shared, group, OURS);
}

void far_post(struct far *f, int group)
{
    set_turn(f->shared, group, THEIRS);
}
