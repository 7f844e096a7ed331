/* A digest of request targets that does not depend on their order: the sum of the targets' hashes,
 * modulo 2^48, so that a JSON number holds it. Two runs that asked for the same targets, each as
 * often, have the same sum; others have another, but for one in 2^48. */
#ifndef IOM_TARGET_DIGEST_H
#define IOM_TARGET_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define TARGET_DIGEST_MASK ((UINT64_C(1) << 48) - 1)

/* The part of one target, its path with its query, in the sum. */
static inline uint64_t target_digest(const char *target, size_t length)
{
    return XXH64(target, length, 0) & TARGET_DIGEST_MASK;
}

#endif
