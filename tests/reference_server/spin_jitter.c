/* Is this machine quiet enough to time anything on it? On each of some CPUs a thread reads the
 * clock without a pause: what it misses between two readings, an interrupt, another process or the
 * hypervisor took. Prints one line of JSON.
 *
 *     spin-jitter [--cpus 0,1] [--for 100ms] [--gap 50us] [--idle]
 *
 * Gaps shorter than --gap are not counted.
 *
 * With --idle it runs beside a measurement, until standard input ends, and only while nobody else
 * wants the CPU (SCHED_IDLE, sched(7)): the measured program takes the CPU from it at once. That
 * tells how much of the time others had the CPU: it is what neither this nor the measured program
 * used. And it keeps the CPU from falling asleep, so that waking costs a measured program the same
 * every time. */
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

struct spinner {
    pthread_t thread;
    size_t cpu;
    uint64_t spun_ns, cpu_ns, gaps, lost_ns, longest_ns;
};

static uint64_t duration_ns = 100 * NS_PER_MS;
static uint64_t gap_ns = 50 * NS_PER_US;
static bool idle;
static atomic_bool stop;
static pthread_barrier_t barrier;
/* With --idle a thread may be kept waiting before it can look at the clock, and after: so the main
 * thread takes both times. */
static uint64_t began_ns, stopped_ns;

static void prepare(const struct spinner *s)
{
    struct sched_param param = {0};
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(s->cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die_errno("cannot run on CPU %zu", s->cpu);
    pthread_barrier_wait(&barrier);
    if (idle && sched_setscheduler(0, SCHED_IDLE, &param) < 0)
        die_errno("cannot run as SCHED_IDLE");
}

static void *spin(void *arg)
{
    struct spinner *s = arg;
    struct timespec used;

    prepare(s);
    uint64_t begin = idle ? began_ns : clock_ns();
    uint64_t before = begin;
    while (before - begin < duration_ns && !atomic_load_explicit(&stop, memory_order_acquire)) {
        uint64_t now = clock_ns();
        uint64_t gap = now - before;
        before = now;
        if (gap > s->longest_ns)
            s->longest_ns = gap;
        if (gap > gap_ns) {
            s->gaps++;
            s->lost_ns += gap;
        }
    }
    s->spun_ns = (idle ? stopped_ns : before) - begin;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    s->cpu_ns = timespec_ns(used);
    return NULL;
}

/* The CPUs of a list such as "0,2"; without one, those that this process may use. */
static int find_cpus(char *list, struct spinner *spinners)
{
    int count = 0;
    uint64_t cpu;

    if (list) {
        for (char *rest = NULL, *word = strtok_r(list, ",", &rest); word;
             word = strtok_r(NULL, ",", &rest)) {
            if (!parse_u64(word, 0, CPU_SETSIZE - 1, &cpu) || count == CPU_SETSIZE)
                die_usage("--cpus: '%s' is not the number of a CPU", word);
            spinners[count++].cpu = (size_t)cpu;
        }
        return count;
    }
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        die_errno("cannot read which CPUs may be used");
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set))
            spinners[count++].cpu = i;
    return count;
}

static char *read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"cpus", required_argument, NULL, 'c'},
        {"for", required_argument, NULL, 'f'},
        {"gap", required_argument, NULL, 'g'},
        {"idle", no_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    char *cpus = NULL;
    bool bad = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            cpus = optarg;
        else if (option == 'f')
            bad |= !parse_duration(optarg, 1, 60 * NS_PER_S, &duration_ns);
        else if (option == 'g')
            bad |= !parse_duration(optarg, 1, 60 * NS_PER_S, &gap_ns);
        else if (option == 'i')
            idle = true;
        else
            bad = true;
    }
    if (bad || optind < argc)
        die_usage("usage: spin-jitter [--cpus LIST] [--for TIME] [--gap TIME] [--idle]");
    return cpus;
}

int main(int argc, char **argv)
{
    static struct spinner spinners[CPU_SETSIZE];
    char ignored[64];

    err_set_program(argv[0]);
    int count = find_cpus(read_options(argc, argv), spinners);
    if (count == 0)
        die_usage("--cpus: the list is empty");
    if (idle)
        duration_ns = CLOCK_NEVER;
    pthread_barrier_init(&barrier, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++)
        if (pthread_create(&spinners[i].thread, NULL, spin, &spinners[i]) != 0)
            die("cannot start a thread");
    began_ns = clock_ns();
    pthread_barrier_wait(&barrier);
    if (idle) {
        printf("spinning\n");
        fflush(stdout);
        while (read(STDIN_FILENO, ignored, sizeof ignored) > 0)
            ;
        stopped_ns = clock_ns();
        atomic_store(&stop, true);
    }
    printf("[");
    for (int i = 0; i < count; i++) {
        struct spinner *s = &spinners[i];
        pthread_join(s->thread, NULL);
        printf("%s{\"cpu\":%zu,\"spun_ns\":%llu,\"cpu_ns\":%llu,\"gaps\":%llu,\"lost_ns\":%llu,"
               "\"longest_ns\":%llu}",
               i ? "," : "", s->cpu, (unsigned long long)s->spun_ns,
               (unsigned long long)s->cpu_ns, (unsigned long long)s->gaps,
               (unsigned long long)s->lost_ns, (unsigned long long)s->longest_ns);
    }
    printf("]\n");
    return 0;
}
