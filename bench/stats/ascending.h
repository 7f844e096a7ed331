/* The order of doubles. */
#ifndef IOM_ASCENDING_H
#define IOM_ASCENDING_H

/* For qsort(3); none of the values may be NaN. */
static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
