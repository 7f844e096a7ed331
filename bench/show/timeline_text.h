/* What `iomodels run crash`, `run hog` and `run slow-clients` found, in sentences made from the
 * figures. */
#ifndef IOM_TIMELINE_TEXT_H
#define IOM_TIMELINE_TEXT_H

#include <stddef.h>

#include "bench/trial/crash.h"
#include "bench/trial/hog.h"
#include "bench/trial/slow_clients.h"

struct crash_lane {
    const char *label;
    struct crash crash;
};

struct hog_lane {
    const char *label;
    struct hog hog;
};

struct slow_lane {
    const char *label;
    struct slow_clients slow;
};

/* The finding over all servers, one sentence; and what happened to one server, in some words. The
 * caller frees each. */
char *crash_finding(const struct crash_lane *lanes, size_t count, unsigned connections);
char *crash_outcome(const struct crash *c, unsigned connections);
char *hog_finding(const struct hog_lane *lanes, size_t count, uint64_t cpu_us);
char *hog_outcome(const struct hog *h);
char *slow_clients_finding(const struct slow_lane *lanes, size_t count, unsigned slow);
char *slow_clients_outcome(const struct slow_clients *s);

#endif
