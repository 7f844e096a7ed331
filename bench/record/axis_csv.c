#include "bench/record/axis_csv.h"

#include <stdint.h>

#include "common/parse.h"

bool axis_read(const struct csv *c, size_t row, unsigned connections, enum axis *axis,
               unsigned *at)
{
    int axis_column = csv_column(c, "axis");
    int at_column = csv_column(c, "at");
    uint64_t n;
    *axis = AXIS_CONNECTIONS;
    *at = connections;
    if (axis_column < 0 && at_column < 0)
        return true;
    if (!axis_parse(csv_cell(c, row, axis_column), axis))
        return false;
    const struct axis_info *info = axis_info(*axis);
    if (!parse_u64(csv_cell(c, row, at_column), info->low, info->high, &n))
        return false;
    *at = (unsigned)n;
    return *axis != AXIS_CONNECTIONS || *at == connections;
}
