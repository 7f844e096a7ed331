#include "bench/scale/line.h"

#include <math.h>

double line_at(const struct line *l, double x)
{
    return l->base + l->each * x;
}

struct line line_fit(struct line_point *points, size_t count)
{
    double weights = 0, x = 0, y = 0, xx = 0, xy = 0;

    for (size_t i = 0; i < count; i++) {
        struct line_point *p = &points[i];
        double weight = 1 / (p->y * p->y);
        p->held_out = i % 2 == 1;
        if (p->held_out)
            continue;
        weights += weight;
        x += weight * p->x;
        y += weight * p->y;
        xx += weight * p->x * p->x;
        xy += weight * p->x * p->y;
    }
    struct line l = {.each = (weights * xy - x * y) / (weights * xx - x * x)};
    l.base = (y - l.each * x) / weights;
    for (size_t i = 0; i < count; i++)
        if (points[i].held_out)
            l.worst = fmax(l.worst, fabs(line_at(&l, points[i].x) / points[i].y - 1));
    return l;
}
