/* Small multiples: a panel a family, its lines in colour before all others in grey. The picture is
 * drawn by scripts/plots/panels.gp. */
#ifndef IOM_PANELS_H
#define IOM_PANELS_H

#include <stddef.h>

#include "bench/show/tics.h"

/* More lines than this in one panel are put into several panels. */
enum { PANEL_LINES_MAX = 5 };

enum point_state {
    POINT_VALID,
    POINT_LIMITED,
    POINT_STARVES,
    POINT_LINE, /* of a curve: no mark */
    POINT_NONE, /* no figure: the line breaks here */
    POINT_STATES
};

struct panel_point {
    double at; /* what the data calls it: connections, or a percentile */
    double x;  /* where it is drawn */
    double value;
    double low; /* NaN: no interval */
    double high;
    enum point_state state;
};

struct panel_line {
    const char *name;
    struct panel_point *points;
    size_t count;
    size_t panel; /* from 1; 0: nothing of it is drawn */
    size_t shape; /* from 1: its mark and dash among the lines of the panel */
    double label; /* where on the y axis its name stands */
};

struct panels {
    struct panel_line *lines;
    size_t count;
    size_t panel_count;
    struct tics x;
    struct tics y;
    const char *x_title;
    const char *y_title;
    const char *at_name; /* heads of the data's columns */
    const char *value_name;
};

/* Add a line; `name` must live as long. The next points are its own. */
void panels_line(struct panels *p, const char *name);
void panels_point(struct panels *p, struct panel_point point);

/* Give every line its panel, mark and place of its name. The axes are set. */
void panels_arrange(struct panels *p);

/* Write the data, tab-separated: an empty line between lines of the picture. */
void panels_write(const struct panels *p, const char *path);

/* Assignments of gnuplot for the axes and titles. The caller frees them. */
char *panels_set(const struct panels *p);
void panels_free(struct panels *p);

#endif
