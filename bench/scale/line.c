#include "bench/scale/line.h"

#include <math.h>

double line_at(const struct line *l, double x)
{
    return l->base + l->each * x;
}

/* Who is held out is decided for all. False where one has no share that an error could be of. */
static bool hold_out(struct line_point *points, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        points[i].held_out = i % 2 == 1;
        if (!isfinite(points[i].y) || points[i].y <= 0)
            good = false;
    }
    return good;
}

struct line line_fit(struct line_point *points, size_t count)
{
    double weights = 0, x = 0, y = 0, xx = 0, xy = 0;

    if (!hold_out(points, count))
        return (struct line){.base = NAN, .each = NAN, .worst = INFINITY};
    for (size_t i = 0; i < count; i++) {
        const struct line_point *p = &points[i];
        double weight = 1 / (p->y * p->y);
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
