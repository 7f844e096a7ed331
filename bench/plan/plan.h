/* The trials of a run and their order. */
#ifndef IOM_PLAN_H
#define IOM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan/models.h"
#include "bench/plan/scenario.h"

struct plan_trial {
    unsigned id; /* 1, 2, ... in the order of measurement: the `trial` column */
    /* each block holds every point once: 1 to repetitions, 0 the counting one */
    unsigned block;
    bool counting; /* a short trial of block 0, in which system calls are counted */
    enum protocol protocol;
    const struct model *model;
    unsigned connections; /* kept busy */
    enum axis axis;
    unsigned at;          /* the value on the axis */
    unsigned concurrency; /* connections that the server serves at one time; 0: all */
};

/* A point that is not measured, and why; with 0 connections all points of the model. */
struct plan_skip {
    enum protocol protocol;
    const struct model *model;
    unsigned connections;
    enum axis axis;
    unsigned at;
    char reason[256];
};

struct plan {
    struct plan_trial *trials;
    size_t count;
    size_t points; /* trials of one block */
    struct plan_skip *skipped;
    size_t skipped_count;
};

/* What decides on a machine which points there are. */
struct plan_machine {
    uint64_t descriptors; /* the most a process may have open */
    unsigned server_cpus; /* that servers get */
    /* why there are no network namespaces for TRANSPORT_NAMESPACES; NULL: there are */
    const char *no_namespaces;
};

/* All trials of `s` over `models`. Within a block the order is shuffled by `seed` (the same
 * seed, scenario and models give the same plan), so that a machine that grows warm or busy
 * meanwhile slows all models alike. A point beyond a model's own limit, or that the machine cannot
 * measure, is skipped; so is a model that cannot run here. A server of others has no points in a
 * protocol it does not speak. The plan refers to `models`.
 *
 * With `counting`, block 0 comes first: every point once for a short time with system calls
 * counted. Counting makes every system call of the machine slower, the load generator's too, so
 * it is kept out of the trials that measure. */
void plan_make(struct plan *p, const struct scenario *s, const struct model_list *models,
               uint64_t seed, const struct plan_machine *machine, bool counting);

/* The first reason for which a point is skipped; NULL: none is. */
const char *plan_why_skipped(const struct plan *p);
void plan_free(struct plan *p);

/* Can the server serve all connections at a time that are open? Of one that cannot, requests that
 * wait and are lost are a figure of its own, the column `starved`. */
bool plan_holds_all(const struct plan_trial *t);

/* Descriptors a process needs beside one for each connection: listening socket, epoll or signal
 * descriptors, pipes of the driver. */
enum { PLAN_SPARE_DESCRIPTORS = 64 };

#endif
