/* A pool of workers that do jobs: pools.py in C. Its works are cpu, wait and mixed, its ways threads
 * and processes. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/output.h"

enum way { WAY_THREADS, WAY_PROCESSES };
enum work { WORK_CPU, WORK_WAIT, WORK_MIXED };
enum { WORKERS_MAX = 10000, JOBS_MAX = 1000000 };

static const char *const ways[] = {"threads", "processes", NULL};
static const char *const works[] = {"cpu", "wait", "mixed", NULL};

struct pool_options {
    enum way way;
    enum work work;
    unsigned workers, jobs, size;
    uint64_t wait_ns;
};

static const struct option_row rows[] = {
    {OPTION_WORD, 0, "way", "threads|processes", "what a worker is",
     OPTION_FIELD(struct pool_options, way), .words = ways},
    {OPTION_WORD, 0, "work", "cpu|wait|mixed", "what a job is",
     OPTION_FIELD(struct pool_options, work), .words = works},
    {OPTION_NUMBER, 0, "workers", "N", "workers at once",
     OPTION_FIELD(struct pool_options, workers), .low = 1, .high = WORKERS_MAX},
    {OPTION_NUMBER, 0, "jobs", "N", "jobs in all", OPTION_FIELD(struct pool_options, jobs),
     .low = 1, .high = JOBS_MAX},
    {OPTION_NUMBER, 0, "size", "N", "steps of a job", OPTION_FIELD(struct pool_options, size),
     .low = 0, .high = 2000000000},
    {OPTION_TIME, 0, "wait", "TIME", "wait of a job",
     OPTION_FIELD(struct pool_options, wait_ns), .low = 0, .high = 60 * NS_PER_S},
    {0},
};

struct result {
    unsigned value;
    uint64_t cpu_ns;
};

/* What workers of both kinds share: a mapping that processes inherit. */
struct shared {
    pthread_barrier_t ready;
    atomic_uint next;
    struct pool_options o;
    struct result results[];
};

static uint64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return timespec_ns(t);
}

static unsigned steps(unsigned size)
{
    uint64_t x = 1;
    for (unsigned i = 0; i < size; i++)
        x = x * 48271 % 2147483647;
    return (unsigned)x;
}

static void wait_for(uint64_t ns)
{
    struct timespec t = ns_timespec(ns);
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

static void *work(void *arg)
{
    struct shared *s = arg;
    pthread_barrier_wait(&s->ready);
    for (unsigned i; (i = atomic_fetch_add(&s->next, 1)) < s->o.jobs;) {
        uint64_t begin = thread_cpu_ns();
        if (s->o.work != WORK_CPU)
            wait_for(s->o.wait_ns);
        s->results[i].value = s->o.work == WORK_WAIT ? 0 : steps(s->o.size);
        s->results[i].cpu_ns = thread_cpu_ns() - begin;
    }
    return NULL;
}

static struct shared *share(const struct pool_options *o)
{
    size_t size = sizeof(struct shared) + o->jobs * sizeof(struct result);
    struct shared *s =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    if (s == MAP_FAILED)
        die_errno("cannot share %zu bytes", size);
    s->o = *o;
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&s->ready, &attr, o->workers + 1);
    pthread_barrierattr_destroy(&attr);
    return s;
}

/* Each returns when all jobs are done, with the time from the moment that all workers were there. */
static uint64_t run_threads(struct shared *s)
{
    pthread_t *threads = xcalloc(s->o.workers, sizeof *threads);
    for (unsigned i = 0; i < s->o.workers; i++) {
        errno = pthread_create(&threads[i], NULL, work, s);
        if (errno != 0)
            die_errno("cannot make thread %u", i + 1);
    }
    pthread_barrier_wait(&s->ready);
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < s->o.workers; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return clock_ns() - begin;
}

static uint64_t run_processes(struct shared *s)
{
    pid_t parent = getpid();
    for (unsigned i = 0; i < s->o.workers; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die_errno("cannot make process %u", i + 1);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() == parent)
                work(s);
            _exit(0);
        }
    }
    pthread_barrier_wait(&s->ready);
    uint64_t begin = clock_ns();
    for (int status; wait(&status) > 0;)
        if (status != 0)
            die("a worker has died");
    return clock_ns() - begin;
}

/* A job's result is the same for all: two values are a fault. */
static void print_results(const struct shared *s, uint64_t wall_ns)
{
    unsigned least = s->results[0].value, most = least;
    uint64_t cpu_ns = 0;
    for (unsigned i = 0; i < s->o.jobs; i++) {
        unsigned value = s->results[i].value;
        least = value < least ? value : least;
        most = value > most ? value : most;
        cpu_ns += s->results[i].cpu_ns;
    }
    printf("{\"jobs\": %u, \"results\": [%u", s->o.jobs, least);
    if (most != least)
        printf(", %u", most);
    printf("], \"wall_s\": %.9f, \"cpu_s\": %.9f}\n", (double)wall_ns / 1e9,
           (double)cpu_ns / 1e9);
}

int main(int argc, char **argv)
{
    struct pool_options o = {.workers = 1, .jobs = 1};
    const struct command_line line = {
        .usage = "pools [OPTIONS]\n",
        .about = "Have a pool of workers do jobs, and print what that took: the pools of "
                 "scripts/judge-claims in C.",
        .tables = {rows},
        .target = &o,
    };
    err_set_program("pools");
    output_check_at_exit();
    int at = command_line_read(&line, argc, argv);
    if (at < argc)
        die_usage("'%s' is one argument too many", argv[at]);
    struct shared *s = share(&o);
    print_results(s, o.way == WAY_THREADS ? run_threads(s) : run_processes(s));
    return 0;
}
