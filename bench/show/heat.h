/* The heat map of a report: a row a server, a column a point of a run. */
#ifndef IOM_HEAT_H
#define IOM_HEAT_H

#include <stdio.h>

#include "bench/show/overview.h"
#include "bench/show/report.h"

struct heat_column {
    size_t run;    /* of the report */
    size_t column; /* of that run's overview */
    unsigned at;
    /* it stands for its run: the point at which that compares its models. Of a single run all
     * columns do */
    bool main;
};

struct heat {
    const struct report *report;
    enum protocol protocol;
    struct overview *overviews; /* one a run */
    struct heat_column *columns;
    size_t count;
    const char **models; /* of the rows */
    size_t rows;
};

/* The best row first, by the geometric mean of its main cells; a server with a figure in fewer than
 * half of the main columns stands below all others. */
void heat_make(struct heat *h, const struct report *report, enum protocol protocol);
void heat_free(struct heat *h);

/* The cell, or NULL. */
const struct overview_cell *heat_cell(const struct heat *h, size_t column, const char *model);

/* The table, as HTML. `first` is the number of its first column on the page. */
void heat_put(FILE *f, const struct heat *h, size_t first);

#endif
