/* Several hosts that loaded together: what is told of each beside the sum of all. */
#ifndef IOM_REPORT_HOSTS_H
#define IOM_REPORT_HOSTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "loadgen/record/tally.h"

#define HOST_NAME_SIZE 64

struct host {
    char name[HOST_NAME_SIZE];
    uint64_t requests;
    uint64_t window_ns;
    double cpu_fraction;
    uint64_t opened_ns; /* when its last thread was in the window, after the first host was */
    int64_t offset_ns; /* its CLOCK_MONOTONIC ahead of that of the first, when the load began */
    uint64_t bound_ns; /* the greatest error of that, and of opened_ns */
    char verdict[24];  /* its own */
    char reason[200];
};

struct hosts {
    uint32_t count;
    uint64_t skew_ns;                 /* the greatest opened_ns */
    uint64_t bound_ns;                /* the greatest bound of all */
    char reasons[COUNT_OUTCOMES][96]; /* what the record's reasons are of */
    struct host each[];
};

/* The windows of the hosts must open together within this part of the window, and their clocks must
 * be known to so many nanoseconds; else nobody can say that they did. */
#define HOSTS_SKEW     0.01
#define HOSTS_BOUND_NS UINT64_C(1000000)

/* The lines of the summary; nothing where `hosts` is NULL. */
void report_print_hosts(FILE *out, const struct hosts *hosts);

/* The member "hosts": null where `hosts` is NULL. */
json_t *report_hosts(const struct hosts *hosts);

#endif
