/* What the small things cost on this machine that every server is made of: a system call, a send, a
 * switch. docs/machine.md tells how each is measured. measure.h measures; here are the names, the
 * figures, and their form in JSON:
 *
 *     {"version": 1, "seconds": 3.1, "server_cpu": 0, "generator_cpu": 1,
 *      "clock_is_system_call": false,
 *      "costs": {"syscall": {"ns": 160.2, "low": 158.0, "high": 171.3, "fastest": 155.1,
 *                            "batches": 40},
 *                "io_uring_enter_1": {"ns": null, "why": "this kernel has no io_uring"}, ...}} */
#ifndef IOM_UNIT_COSTS_H
#define IOM_UNIT_COSTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* X(IDENTIFIER, "name", "what one of them is"). All are in nanoseconds. */
#define UNIT_COSTS(X)                                                                          \
    X(SYSCALL, "syscall", "system call that does nothing (getppid)")                           \
    X(CLOCK_GETTIME, "clock_gettime", "clock_gettime(CLOCK_MONOTONIC)")                        \
    X(SEND_64, "send_64", "send of 64 B over loopback, nobody to wake")                        \
    X(RECV_64, "recv_64", "recv of 64 B that are there")                                       \
    X(SEND_RECV_64, "send_recv_64", "send and recv of 64 B: half of a round")                  \
    X(SEND_RECV_4096, "send_recv_4096", "send and recv of 4 KiB: half of a round")             \
    X(RECV_EMPTY, "recv_empty", "recv that says EAGAIN")                                       \
    X(EPOLL_WAIT_READY, "epoll_wait_ready", "epoll_wait, one of 64 connections ready")         \
    X(EPOLL_CTL, "epoll_ctl", "epoll_ctl(EPOLL_CTL_MOD)")                                      \
    X(POLL_IDLE_1000, "poll_idle_1000", "poll of 1,000 idle connections")                      \
    X(SELECT_IDLE_1000, "select_idle_1000", "select of 1,000 idle connections")                \
    X(IO_URING_ENTER_1, "io_uring_enter_1", "io_uring_enter with one no-op")                   \
    X(IO_URING_ENTER_64, "io_uring_enter_64", "io_uring_enter with 64 no-ops")                 \
    X(IO_URING_SEND_RECV_64, "io_uring_send_recv_64",                                          \
      "send and recv of 64 B by a ring, 64 an enter")                                          \
    X(SWITCH_THREADS, "switch_threads", "switch between two threads on one CPU")               \
    X(SWITCH_PROCESSES, "switch_processes", "switch between two processes on one CPU")         \
    X(WAKE_CROSS_CPU, "wake_cross_cpu", "to wake a sleeper on the other CPU")                  \
    X(WAKE_ROUND_TRIP, "wake_round_trip", "wake a sleeper there and be woken by it")           \
    X(THREAD_CREATE_JOIN, "thread_create_join", "create a thread that ends, and join it")      \
    X(FORK_WAIT, "fork_wait", "fork a child that ends, and wait for it")                       \
    X(ACCEPT_CLOSE, "accept_close", "accept and close of a connection")                        \
    X(PAGE_FAULT, "page_fault", "first touch of a page of memory")                             \
    X(MEMCPY_KIB, "memcpy_kib", "memcpy of 1 KiB within the cache")                            \
    X(TIMER_SET, "timer_set", "timerfd_settime, a second ahead")                               \
    X(SESSION_HTTP, "session_http", "server's own work for GET /, in memory")                  \
    X(SESSION_ECHO, "session_echo", "server's own work for an echo, in memory")                \
    X(SESSION_HTTP_COLD, "session_http_cold", "the same for 64 connections in turn")           \
    X(SESSION_ECHO_COLD, "session_echo_cold", "the same for 64 connections in turn")           \
    X(RECV_64_FAR, "recv_64_far", "recv of 64 B from the other CPU, 64 connections in turn")   \
    X(SEND_64_FAR, "send_64_far", "send of 64 B to the other CPU, 64 connections in turn")     \
    X(EPOLL_RECV_64_FAR, "epoll_recv_64_far", "the same recv, behind an epoll_wait for all")   \
    X(POLL_RECV_64_FAR, "poll_recv_64_far", "the same recv, behind a poll of all")             \
    X(SELECT_RECV_64_FAR, "select_recv_64_far", "the same recv, behind a select of all")       \
    X(IO_URING_SEND_RECV_64_FAR, "io_uring_send_recv_64_far",                                  \
      "send and recv of 64 B by a ring, to and from the other CPU")                            \
    X(SLEEP_ROUND_64_FAR, "sleep_round_64_far",                                                \
      "recv that sleeps, and send: 64 threads, to the other CPU")                              \
    X(SLEEP_ROUND_64_PROCESSES_FAR, "sleep_round_64_processes_far",                            \
      "recv that sleeps, and send: 64 processes, to the other CPU")                            \
    X(SLEEP_ROUND_1_FAR, "sleep_round_1_far",                                                  \
      "recv that sleeps, and send: one thread, to the other CPU")                              \
    X(ACCEPT_EMPTY, "accept_empty", "accept that says EAGAIN")                                 \
    X(SIGNAL_TAKE, "signal_take", "sigtimedwait of a queued signal")

enum unit_cost {
#define UNIT_COST_ENUM(id, name, what) UNIT_##id,
    UNIT_COSTS(UNIT_COST_ENUM)
#undef UNIT_COST_ENUM
        UNIT_COST_COUNT
};

extern const char *const unit_cost_names[UNIT_COST_COUNT];
extern const char *const unit_cost_texts[UNIT_COST_COUNT]; /* what one of them is */

struct unit_cost_figure {
    double ns;      /* the median of batches; NaN: not measured, see `why` */
    double low;     /* the interval of the median, stats.h */
    double high;    /* */
    double fastest; /* of the batches; NaN where a file does not tell */
    size_t batches;
    char why[160]; /* why there is no figure; "" where there is one */
};

struct unit_costs {
    double seconds; /* how long the measurement took */
    int server_cpu; /* where the figures hold */
    int generator_cpu;
    bool clock_is_system_call; /* clock_gettime() enters the kernel */
    struct unit_cost_figure at[UNIT_COST_COUNT];
};

/* Make of `u` what lies between the two: a machine is not the same before a run and after it. A
 * cost is the geometric mean of both, or the one that has a figure; its interval holds both
 * intervals. */
void unit_costs_combine(struct unit_costs *u, const struct unit_costs *later);

/* The caller owns it. */
json_t *unit_costs_to_json(const struct unit_costs *u);

/* Read what unit_costs_to_json() wrote. Names that this version does not know are passed over, and
 * a cost that is not there has no figure. Returns false with one line in `error`, which names the
 * key that is wrong. */
bool unit_costs_from_json(struct unit_costs *u, const json_t *json, char *error,
                          size_t error_size);

#endif
