/* Is a body the right one? Told by its XXH64, which its length is part of (xxhash.com): a body need
 * not be kept to be compared. Right is what --expect-body says, or without that option what the
 * first answer of the job brought, in whatever thread or process. */
#ifndef IOM_CLIENT_BODY_H
#define IOM_CLIENT_BODY_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "clients/job/job.h"

struct body {
    XXH64_state_t hash;
    uint64_t size;
};

void body_begin(struct body *b);
void body_add(struct body *b, const void *data, size_t size);

/* The body is complete, and `status` is that of its answer. Counts its bytes in `t`. */
enum outcome body_judge(const struct body *b, const struct job *job, unsigned status,
                        struct tally *t);

/* The body, which is complete, is the right one. */
void body_expect(const struct body *b, const struct job *job);

#endif
