#include "bench/scale/slabs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"

void slabs_read(struct slabs *out)
{
    char *text = text_read_file("/proc/slabinfo");
    char *rest = text;
    char *line;
    double page = (double)sysconf(_SC_PAGESIZE) / 1024;

    out->count = 0;
    while (rest && (line = strsep(&rest, "\n")) && out->count < SLABS_MAX) {
        struct slab *s = &out->at[out->count];
        unsigned pages;
        unsigned long slabs;
        if (sscanf(line, "%39s %*u %*u %*u %*u %u : tunables %*u %*u %*u : slabdata %*u %lu",
                   s->name, &pages, &slabs) != 3)
            continue;
        s->kib = pages * (double)slabs * page;
        out->count++;
    }
    free(text);
}

static double kib_of(const struct slabs *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->at[i].name, name) == 0)
            return all->at[i].kib;
    return 0;
}

static int largest_first(const void *a, const void *b)
{
    double x = ((const struct slab *)a)->kib;
    double y = ((const struct slab *)b)->kib;
    return (x < y) - (x > y);
}

size_t slabs_grown(const struct slabs *before, const struct slabs *after, struct slab *out,
                   size_t room)
{
    static struct slab grown[SLABS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < after->count; i++) {
        double more = after->at[i].kib - kib_of(before, after->at[i].name);
        if (more <= 0)
            continue;
        grown[n] = after->at[i];
        grown[n++].kib = more;
    }
    qsort(grown, n, sizeof *grown, largest_first);
    n = n < room ? n : room;
    memcpy(out, grown, n * sizeof *out);
    return n;
}
