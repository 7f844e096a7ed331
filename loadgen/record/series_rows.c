#include "loadgen/record/series_rows.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "loadgen/record/series.h"

/* What stands before the buckets of a row. */
struct head {
    uint64_t ends_at;
    uint64_t outcomes[COUNT_OUTCOMES];
    uint64_t late, late_max_ns;
    uint64_t count, overflow, min, max;
    unsigned __int128 sum, squares;
    uint64_t buckets;
};

struct bucket {
    uint64_t index, count;
};

static void put(struct series_rows *rows, const void *data, size_t size)
{
    if (rows->room - rows->size < size) {
        rows->room = 2 * rows->room + size;
        rows->bytes = xrealloc(rows->bytes, rows->room);
    }
    memcpy(rows->bytes + rows->size, data, size);
    rows->size += size;
}

static void get(struct series_rows *rows, void *data, size_t size)
{
    memcpy(data, rows->bytes + rows->read, size);
    rows->read += size;
}

void series_rows_keep(struct series_rows *rows, const struct series_interval *row)
{
    const struct histogram *h = &row->latency;
    size_t first = h->count ? histogram_index(h->min) : 1;
    size_t last = h->count ? histogram_index(h->max) : 0;
    struct head head = {.ends_at = row->ends_at,
                        .late = row->late,
                        .late_max_ns = row->late_max_ns,
                        .count = h->count,
                        .overflow = h->overflow,
                        .min = h->min,
                        .max = h->max,
                        .sum = h->sum,
                        .squares = h->squares};

    memcpy(head.outcomes, row->outcomes, sizeof head.outcomes);
    for (size_t i = first; i <= last; i++)
        head.buckets += h->buckets[i] > 0;
    put(rows, &head, sizeof head);
    for (size_t i = first; i <= last; i++)
        if (h->buckets[i] > 0)
            put(rows, &(struct bucket){i, h->buckets[i]}, sizeof(struct bucket));
}

bool series_rows_next(struct series_rows *rows, struct series_interval *row)
{
    struct head head;
    struct bucket b;

    if (rows->read == rows->size)
        return false;
    get(rows, &head, sizeof head);
    *row = (struct series_interval){
        .ends_at = head.ends_at, .late = head.late, .late_max_ns = head.late_max_ns};
    memcpy(row->outcomes, head.outcomes, sizeof row->outcomes);
    histogram_init(&row->latency);
    row->latency.count = head.count;
    row->latency.overflow = head.overflow;
    row->latency.min = head.min;
    row->latency.max = head.max;
    row->latency.sum = head.sum;
    row->latency.squares = head.squares;
    for (uint64_t i = 0; i < head.buckets; i++) {
        get(rows, &b, sizeof b);
        row->latency.buckets[b.index] = b.count;
    }
    return true;
}
