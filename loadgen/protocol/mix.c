#include "loadgen/protocol/mix.h"

#include <stdlib.h>

#include "common/err.h"

/* URL i has weight[i] * count units, and each column holds `total` units. A column takes all units
 * of a URL that has too few to fill it, and is topped up from a URL that has too many. */
void mix_init(struct mix *mix, const uint32_t *weights, uint32_t count)
{
    uint64_t total = 0;
    uint64_t *left = xmalloc(count * sizeof *left);
    uint16_t *small = xmalloc(count * sizeof *small);
    uint16_t *large = xmalloc(count * sizeof *large);
    uint32_t smalls = 0, larges = 0;

    mix->columns = xmalloc(count * sizeof *mix->columns);
    mix->count = count;
    for (uint32_t i = 0; i < count; i++)
        total += weights[i];
    for (uint32_t i = 0; i < count; i++) {
        left[i] = (uint64_t)weights[i] * count;
        if (left[i] < total)
            small[smalls++] = (uint16_t)i;
        else
            large[larges++] = (uint16_t)i;
        mix->columns[i] = (struct mix_column){UINT32_MAX, (uint16_t)i, (uint16_t)i};
    }
    /* The units add up exactly, so where one is left that has too few there is one that has too
     * many. */
    while (smalls > 0) {
        uint16_t s = small[--smalls];
        uint16_t l = large[larges - 1];
        unsigned __int128 limit = ((unsigned __int128)left[s] << 32) / total;
        mix->columns[s].limit = (uint32_t)limit;
        mix->columns[s].other = l;
        left[l] -= total - left[s];
        if (left[l] < total) {
            larges--;
            small[smalls++] = l;
        }
    }
    free(left);
    free(small);
    free(large);
}

void mix_free(struct mix *mix)
{
    free(mix->columns);
    mix->columns = NULL;
}
