/* What the connections of a run ask for, and what must come back. Shared by all threads and
 * constant while they run, except for the references in it, each written once. */
#ifndef IOM_WORKLOAD_H
#define IOM_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/cli/options.h"
#include "loadgen/protocol/body.h"
#include "loadgen/protocol/mix.h"

/* One URL. Echo has one that is empty: its messages are windows of the block. */
struct target {
    char *request; /* the bytes of a request, headers and all */
    size_t size;
    struct body_reference body;
};

struct protocol;

struct workload {
    const struct protocol *protocol;
    struct target *targets; /* one for each of options->urls */
    uint32_t target_count;
    struct mix mix; /* only where there are several */
    uint64_t seed;  /* of the choice among them */
    bool head;      /* HTTP: the method is HEAD, so no answer has a body */
    char *block;    /* echo: random bytes */
    size_t message; /* echo: bytes of a message */
};

/* Make `*load` from the options; `*o` must live as long. Ends the program where the file of
 * --body cannot be read. */
void workload_init(struct workload *load, const struct options *o);

void workload_free(struct workload *load);

/* The URL of the next request; `*random` is moved on. */
static inline uint32_t workload_pick(const struct workload *load, uint64_t *random)
{
    return load->target_count == 1 ? 0 : mix_next(&load->mix, random);
}

#endif
