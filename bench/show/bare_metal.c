#include "bench/show/bare_metal.h"

static const struct bare_metal known[UNIT_COST_COUNT] = {
    [UNIT_SYSCALL] = {34,
                      "lmbench \"Simple syscall\", Linux 4.10 without page-table isolation: "
                      "D. Gruss, github.com/isec-tugraz/KAISER, issue 3 (2017)",
                      "figures of all models, of io-uring least,"},
    [UNIT_SWITCH_THREADS] = {1500,
                             "1.2 to 1.5 µs: E. Bendersky, \"Measuring context switching and "
                             "memory overheads for Linux threads\" (2018)",
                             "figures of thread and thread-pool"},
    [UNIT_SWITCH_PROCESSES] =
        {1400,
         "some 1.4 µs, Xeon E5520, on one CPU: B. Sigoure, \"How long does "
         "it take to make a context switch?\" (2010)",
         "figures of fork and prefork"},
    [UNIT_WAKE_ROUND_TRIP] =
        {4400,
         "some: two switches of 2.2 µs by threads that are not bound to one "
         "CPU: E. Bendersky (2018), as above",
         "figures of all models under a load generator that sleeps"},
    [UNIT_THREAD_CREATE_JOIN] = {9000,
                                 "Skylake server: D. Lemire, \"Cost of a thread in C++ under "
                                 "Linux\" (2020)",
                                 "figures of thread with short connections"},
    [UNIT_FORK_WAIT] =
        {223000,
         "a process of 1.7 MB, Linux 2.6.27: M. Kerrisk, \"The Linux Programming "
         "Interface\" (2010), table 28-3",
         "figures of fork"},
    [UNIT_PAGE_FAULT] = {1013,
                         "a first read, Core i7 of the 11th generation, Linux 6.6: "
                         "ddumbying.vercel.app/experiments/pagefault-latency",
                         "figures of models that begin with new memory"},
};

const struct bare_metal *bare_metal(enum unit_cost cost)
{
    return &known[cost];
}
