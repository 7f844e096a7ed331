/* What one job came to. */
#ifndef IOM_CRAWL_ROW_H
#define IOM_CRAWL_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/crawl/client.h"
#include "bench/trial/row.h"

/* The measured columns of crawl.csv (results/README.md): enumerator, name, decimals written. */
#define CRAWL_FIGURES(X)                                                                       \
    X(WALL_S, "wall_s", 6)                                                                     \
    X(IDEAL_S, "ideal_s", 6)                                                                   \
    X(EFFICIENCY, "efficiency", 5)                                                             \
    X(CPU_US, "cpu_us_per_request", 3)                                                         \
    X(START_S, "start_s", 6)                                                                   \
    X(START_CPU_S, "start_cpu_s", 6)                                                           \
    X(SYSCALLS, "syscalls_per_request", 4)                                                     \
    X(SWITCHES, "switches_per_request", 5)                                                     \
    X(RSS_KIB, "rss_kib", 0)                                                                   \
    X(PSS_KIB, "pss_kib", 0)                                                                   \
    X(PROCESSES, "processes", 0)                                                               \
    X(THREADS, "threads", 0)                                                                   \
    X(OK, "ok", 0)                                                                             \
    X(ANSWERED, "server_requests", 0)                                                          \
    X(CONNECTIONS, "server_accepted", 0)                                                       \
    X(MOST, "max_in_service", 0)                                                               \
    X(AT_ONCE, "at_once", 0)                                                                   \
    X(WINDOW_S, "window_s", 6)                                                                 \
    X(CLIENT_CPU, "client_cpu_fraction", 4)                                                    \
    X(SERVER_CPU, "server_cpu_fraction", 4)                                                    \
    X(OTHER_CLIENT, "other_client_cpu_fraction", 3)                                            \
    X(OTHER_SERVER, "other_server_cpu_fraction", 3)                                            \
    X(STOLEN_CLIENT, "stolen_client_cpu_fraction", 3)                                          \
    X(STOLEN_SERVER, "stolen_server_cpu_fraction", 3)                                          \
    X(EMPTY_RATE, "empty_jobs_per_s", 1)                                                       \
    X(LATENCY_P50_US, "latency_p50_us", 1)                                                     \
    X(LATENCY_P90_US, "latency_p90_us", 1)

#define CRAWL_ENUM(id, name, digits) CF_##id,
enum crawl_figure { CRAWL_FIGURES(CRAWL_ENUM) CRAWL_FIGURE_COUNT };
#undef CRAWL_ENUM

enum crawl_status { CRAWL_OK, CRAWL_FAILED, CRAWL_UNSUPPORTED, CRAWL_SKIPPED, CRAWL_STATUSES };

struct crawl_row {
    unsigned trial;      /* from 1; 0: skipped */
    unsigned repetition; /* from 1 */
    bool counting;       /* system calls were counted: nothing else of it is used */
    char client[64];
    enum crawl_kind kind;
    enum crawl_way way;
    unsigned concurrency; /* C */
    uint64_t requests;    /* N */
    unsigned wait_ms;
    enum crawl_status status;
    enum verdict verdict;
    char reason[400];
    char started[32];
    double value[CRAWL_FIGURE_COUNT]; /* NaN: not known */
};

extern const char *const crawl_status_names[CRAWL_STATUSES];
extern const char *const crawl_figure_names[CRAWL_FIGURE_COUNT];
extern const int crawl_figure_digits[CRAWL_FIGURE_COUNT];

#endif
