/* Windows that a duel of a server against itself recorded (tests/data/README.md), and sessions drawn
 * from them. */
#ifndef IOM_RECORDED_H
#define IOM_RECORDED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/interval.h"
#include "common/random.h"

enum recorded_metric { RECORDED_RATE, RECORDED_CPU, RECORDED_P99, RECORDED_METRICS };

enum { RECORDED_SESSIONS = 600, RECORDED_PAIRS = 10000 };

struct recorded {
    size_t sessions;
    size_t first[RECORDED_SESSIONS]; /* pair */
    size_t sizes[RECORDED_SESSIONS];
    double cost[RECORDED_METRICS][2][RECORDED_PAIRS];
};

/* Read the columns session,side,window_ns,requests,p99_ns,active_requests,server_cpu_ns; the windows
 * of each side are in the order of their pairs. */
static inline bool recorded_read(struct recorded *r, const char *path)
{
    char line[512];
    size_t pairs[2] = {0, 0};
    unsigned last = 0;
    FILE *f = fopen(path, "re");
    memset(r, 0, sizeof *r);
    while (f && fgets(line, sizeof line, f)) {
        unsigned session;
        char side;
        double window, requests, p99, active, cpu;
        if (sscanf(line, "%u,%c,%lf,%lf,%lf,%lf,%lf", &session, &side, &window, &requests, &p99,
                   &active, &cpu) != 7)
            continue; /* the head */
        if (session != last && r->sessions < RECORDED_SESSIONS)
            r->first[r->sessions++] = pairs[0];
        last = session;
        size_t k = (size_t)(side - 'A');
        if (k > 1 || pairs[k] == RECORDED_PAIRS)
            break;
        r->cost[RECORDED_RATE][k][pairs[k]] = window / requests;
        r->cost[RECORDED_CPU][k][pairs[k]] = cpu / active;
        r->cost[RECORDED_P99][k][pairs[k]] = p99;
        pairs[k]++;
    }
    if (f)
        fclose(f);
    for (size_t i = 0; i < r->sessions; i++)
        r->sizes[i] = (i + 1 < r->sessions ? r->first[i + 1] : pairs[0]) - r->first[i];
    return r->sessions > 1 && pairs[0] == pairs[1];
}

/* A duel of `n` sessions drawn with replacement, each with its sides as they are or exchanged: so the
 * true ratio is 1. `a` and `b` take the pairs, `sizes` takes n sizes. */
static inline struct paired_sessions recorded_draw(const struct recorded *r,
                                                   enum recorded_metric metric, size_t n,
                                                   double *a, double *b, size_t *sizes,
                                                   uint64_t *random)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = (size_t)(random_uniform(random) * (double)r->sessions);
        bool exchanged = random_next(random) >> 63;
        sizes[i] = r->sizes[k];
        memcpy(a + at, &r->cost[metric][exchanged][r->first[k]], sizes[i] * sizeof *a);
        memcpy(b + at, &r->cost[metric][!exchanged][r->first[k]], sizes[i] * sizeof *b);
        at += sizes[i];
    }
    return (struct paired_sessions){a, b, sizes, n};
}

#endif
