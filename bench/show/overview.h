/* The overview: a row a model, a column a point of the sweep, each cell the rate relative to
 * the best of its column. The picture is drawn by scripts/plots/overview.gp. */
#ifndef IOM_OVERVIEW_H
#define IOM_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/results.h"
#include "bench/show/caption.h"

struct overview_cell {
    const struct summary_point *point; /* NULL: not measured there */
    double relative;                   /* to the best of the column; NaN: no figure */
    bool best; /* the best, or not told from it: their intervals overlap */
};

struct overview {
    const char **models; /* of the rows, the best first by the geometric mean of their cells */
    size_t rows;
    unsigned *at; /* of the columns, ascending */
    size_t columns;
    enum axis axis;
    bool partial;                /* servers of others are left out */
    struct overview_cell *cells; /* rows x columns */
};

/* The points of one protocol, of the servers that `drawn` holds for (NULL: all). A point that
 * lies a little below another stands in the column of that one where no model has both:
 * select's 1000 beside 1024. Points that are INVALID, starve connections or have another answer
 * get no figure, and one that the generator limits is no best. */
void overview_make(struct overview *o, const struct results *r, enum protocol protocol,
                   bool (*drawn)(const struct results *r, const char *model));
void overview_free(struct overview *o);

/* What stands in a cell: "0.98", "≥ 0.98", "invalid", "starves", "other" (another answer), "". */
const char *overview_cell_text(const struct overview_cell *c, char out[32]);

/* Write the data to `path`, and make the rest of the picture; the caller frees `*set` and the
 * caption. */
void overview_picture(const struct overview *o, const struct results *r, enum protocol protocol,
                      const char *path, struct caption *caption, char **set);

#endif
