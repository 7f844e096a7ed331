/* The kernel's caches of objects, by name (slabinfo(5)). Only root may read them. */
#ifndef IOM_SLABS_H
#define IOM_SLABS_H

#include <stddef.h>

enum { SLABS_MAX = 512 };

struct slab {
    char name[40];
    double kib; /* of its pages, used or not */
};

struct slabs {
    struct slab at[SLABS_MAX];
    size_t count; /* 0: not to be read */
};

void slabs_read(struct slabs *out);

/* The caches that grew most from one reading to the other, the first most of all, and by how much.
 * At most `room`; returns how many. The kernel merges caches of one size: then the name is that of
 * the first that was made. */
size_t slabs_grown(const struct slabs *before, const struct slabs *after, struct slab *out,
                   size_t room);

#endif
