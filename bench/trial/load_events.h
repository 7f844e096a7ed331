/* What a load generator tells: while it runs a line an event (--events-fd), at its end results. */
#ifndef IOM_LOAD_EVENTS_H
#define IOM_LOAD_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/process.h"

enum { LOAD_EVENT_MAX = 2048 };

struct load_events {
    int fd;                    /* the generator writes here; -1: none */
    char line[LOAD_EVENT_MAX]; /* read so far */
    size_t used;
};

enum load_result { LOAD_OK, LOAD_FAILED, LOAD_INTERRUPTED };

/* Wait for the event `name` until `deadline`, watching both processes; other events are passed
 * over. `rest`, unless NULL, has LOAD_EVENT_MAX bytes for what stands behind the name. On
 * LOAD_FAILED `reason` says who failed and why. */
enum load_result load_events_wait(struct load_events *e, const char *name, char *rest,
                                  struct process *generator, struct process *server,
                                  uint64_t deadline, char *reason, size_t reason_size);

/* Close `*input`, the generator's standard input, so that it drops its connections and ends; wait
 * for that. False with the reason where it does not end. */
bool load_end(struct process *generator, int *input, uint64_t deadline, char *reason,
              size_t reason_size);

/* load_end(), and read the results from the file `json`. NULL with the reason where there are none;
 * else the caller decrefs them. */
json_t *load_results(struct process *generator, int *input, const char *json, uint64_t deadline,
                     char *reason, size_t reason_size);

#endif
