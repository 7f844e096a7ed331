/* The row of one trial: who was measured, what came out, whether it may be believed. */
#ifndef IOM_ROW_H
#define IOM_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/protocol.h"
#include "bench/plan/axis.h"
#include "bench/trial/calls.h"

/* The measured columns: enumerator, name in the file, decimals written. */
#define TRIAL_METRICS(X)                                                                       \
    X(WALL_S, "wall_s", 3)                                                                     \
    X(CONCURRENCY, "concurrency", 0)                                                           \
    X(CONNECTED, "connected", 0)                                                               \
    X(SETTLED, "settled", 0)                                                                   \
    X(WINDOW_S, "window_s", 6)                                                                 \
    X(COUNTER_WINDOW_S, "counter_window_s", 6)                                                 \
    X(REQUESTS, "requests", 0)                                                                 \
    X(RPS, "requests_per_second", 1)                                                           \
    X(BYTES_IN, "bytes_in", 0)                                                                 \
    X(BYTES_OUT, "bytes_out", 0)                                                               \
    X(MIN_US, "min_us", 3)                                                                     \
    X(MEAN_US, "mean_us", 3)                                                                   \
    X(STDDEV_US, "stddev_us", 3)                                                               \
    X(P50_US, "p50_us", 3)                                                                     \
    X(P75_US, "p75_us", 3)                                                                     \
    X(P90_US, "p90_us", 3)                                                                     \
    X(P95_US, "p95_us", 3)                                                                     \
    X(P99_US, "p99_us", 3)                                                                     \
    X(P999_US, "p999_us", 3)                                                                   \
    X(P9999_US, "p9999_us", 3)                                                                 \
    X(MAX_US, "max_us", 3)                                                                     \
    X(OK, "ok", 0)                                                                             \
    X(TIMEOUT, "timeout", 0)                                                                   \
    X(RESET, "reset", 0)                                                                       \
    X(REFUSED, "refused", 0)                                                                   \
    X(EOF, "eof", 0)                                                                           \
    X(CORRUPT, "corrupt", 0)                                                                   \
    X(NON_2XX, "non_2xx", 0)                                                                   \
    X(IN_FLIGHT, "in_flight", 0)                                                               \
    X(REQUESTS_STARTED, "requests_started", 0)                                                 \
    X(IN_FLIGHT_AT_START, "in_flight_at_start", 0)                                             \
    X(UNSOLICITED, "unsolicited", 0)                                                           \
    X(OLDEST_IN_FLIGHT_US, "oldest_in_flight_us", 3)                                           \
    X(REQUESTS_MIN, "requests_min", 0)                                                         \
    X(REQUESTS_MEDIAN, "requests_median", 1)                                                   \
    X(REQUESTS_MAX, "requests_max", 0)                                                         \
    X(JAIN, "jain", 4)                                                                         \
    X(STARVED, "starved", 0)                                                                   \
    X(SERVER_CPU_US, "server_cpu_us", 0)                                                       \
    X(SERVER_CPU_FRACTION, "server_cpu_fraction", 4)                                           \
    X(CPU_PER_REQUEST, "cpu_us_per_request", 4)                                                \
    X(SYSCALLS_PER_REQUEST, "syscalls_per_request", 4)                                         \
    X(SWITCHES_PER_REQUEST, "switches_per_request", 5)                                         \
    X(MIGRATIONS, "migrations", 0)                                                             \
    X(PROCESSES, "processes", 0)                                                               \
    X(THREADS, "threads", 0)                                                                   \
    X(RSS_BEFORE, "rss_before_kib", 0)                                                         \
    X(PSS_BEFORE, "pss_before_kib", 0)                                                         \
    X(RSS, "rss_kib", 0)                                                                       \
    X(PSS, "pss_kib", 0)                                                                       \
    X(RSS_PER_CONNECTION, "rss_kib_per_connection", 3)                                         \
    X(PSS_PER_CONNECTION, "pss_kib_per_connection", 3)                                         \
    X(GENERATOR_CPU_US, "generator_cpu_us", 0)                                                 \
    X(GENERATOR_CPU_FRACTION, "generator_cpu_fraction", 4)                                     \
    X(GENERATOR_THREAD_CPU_FRACTION, "generator_thread_cpu_fraction", 4)                       \
    X(GENERATOR_COALESCED_FRACTION, "generator_coalesced_fraction", 4)                         \
    X(GENERATOR_CPU_PER_REQUEST, "generator_cpu_us_per_request", 4)                            \
    X(OTHER_SERVER_CPU_FRACTION, "other_server_cpu_fraction", 3)                               \
    X(OTHER_GENERATOR_CPU_FRACTION, "other_generator_cpu_fraction", 3)                         \
    X(ACCEPTED, "server_accepted", 0)                                                          \
    X(SERVER_REFUSED, "server_refused", 0)                                                     \
    X(SERVER_REQUESTS, "server_requests", 0)                                                   \
    X(WAKEUPS, "server_wakeups", 0)                                                            \
    X(EVENTS, "server_events", 0)                                                              \
    X(MAX_EVENTS, "server_max_events", 0)                                                      \
    X(EAGAIN, "server_eagain", 0)                                                              \
    X(ACCEPT_ERRORS, "server_accept_errors", 0)                                                \
    X(HEAD_BYTES, "head_bytes", 0)                                                             \
    X(STOLEN_SERVER_CPU_FRACTION, "stolen_server_cpu_fraction", 3)                             \
    X(STOLEN_GENERATOR_CPU_FRACTION, "stolen_generator_cpu_fraction", 3)                       \
    X(THROTTLED_PERIODS, "throttled_periods", 0)                                               \
    X(THROTTLED_FRACTION, "throttled_fraction", 4)                                             \
    X(FAULTS_PER_REQUEST, "minor_faults_per_request", 5)                                       \
    X(GENERATOR_SLEPT_FRACTION, "generator_slept_fraction", 4)                                 \
    X(WAKINGS_PER_REQUEST, "wakings_per_request", 5)                                           \
    X(WAKING_CPU_SHARE, "waking_cpu_share", 4)                                                 \
    X(WINDOWS, "windows", 0)                                                                   \
    X(YARDSTICK_RPS, "yardstick_rps", 1)                                                       \
    X(YARDSTICK_SELF, "yardstick_self_ratio", 4)                                               \
    X(YARDSTICK_JUMPS, "yardstick_jumps", 0)                                                   \
    X(KERNEL_PER_CONNECTION, "kernel_kib_per_connection", 3)                                   \
    X(KERNEL_STACK_PER_CONNECTION, "kernel_stack_kib_per_connection", 3)                       \
    X(MAPPED_PER_CONNECTION, "mapped_kib_per_connection", 1)

#define TRIAL_ENUM(id, name, digits) M_##id,
/* And one that no trial knows by itself: the rate on the scale of the run's yardstick
 * (record/rate.h), which is in summary.csv. */
enum metric { TRIAL_METRICS(TRIAL_ENUM) METRIC_COUNT, M_RATE = METRIC_COUNT, METRIC_ALL };
#undef TRIAL_ENUM

enum verdict { VERDICT_VALID, VERDICT_GENERATOR_LIMITED, VERDICT_INVALID, VERDICT_COUNT };

enum { ROW_WINDOWS_MAX = 64 };

/* Requests per second of the windows of a trial, and of the yardstick before and after each. */
struct row_windows {
    unsigned count; /* 0: the trial had no yardstick */
    struct row_window {
        double rps, before, after;
        bool jumped; /* the yardstick differs too much between before and after */
    } at[ROW_WINDOWS_MAX];
};

struct trial_row {
    unsigned trial;
    unsigned block;
    bool counting; /* block 0: system calls were counted, the rest is not summarised */
    char scenario[64];
    enum protocol protocol;
    char model[64];
    unsigned connections; /* kept busy */
    enum axis axis;
    unsigned at;                /* the value on the axis */
    bool ok;                    /* column `status`: ok, else failed or unsupported */
    bool unsupported;           /* the server said that it cannot run here */
    enum verdict verdict;       /* INVALID where the trial is not ok */
    char reason[384];           /* why it failed, is INVALID or is limited; else "" */
    bool disturbed;             /* INVALID for what others than server and generator did */
    char started[32];           /* UTC, ISO 8601 */
    double value[METRIC_ALL];   /* NaN: not available, an empty field */
    struct call_counts by_name; /* in the window; of a counting trial that was just made */
    struct row_windows windows; /* of a trial that was just made */
    char engine[16];            /* of the load generator */
    size_t line;                /* of trials.csv that it was read from */
    char answer[128];           /* of a server of others: "same" as ours, or how it differs */
    char generator_verdict[24]; /* what the load generator said of itself; "": an older run */
    char note[160];             /* what a reader must know, and is no fault of the trial; "" */
};

struct trial_rows {
    struct trial_row *at;
    size_t count;
};

/* What `answer` is where a server of others says what ours say. */
extern const char answer_is_same[];

extern const char *const verdict_names[VERDICT_COUNT];
extern const char *const metric_names[METRIC_ALL];
extern const int metric_digits[METRIC_ALL];

/* Whether a reason tells of a disturbance, that of the load generator or one out of a file. */
bool reason_of_disturbance(const char *reason);

/* Round the figures to the decimals that the file has. A row is judged as it will be read: whoever
 * judges it again from the file gets the same verdict. */
void trial_row_round(struct trial_row *row);

/* A row with nothing measured yet. */
void trial_row_init(struct trial_row *row);

/* Good answers that came in the window, by which costs are shared out. In an open loop M_REQUESTS
 * is of the requests that were due in the window, whenever they were answered. */
double trial_row_answers(const struct trial_row *row);

#endif
