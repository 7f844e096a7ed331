/* The pictures that draw a figure of summary.csv along the sweep, a panel a family. */
#ifndef IOM_LINE_PICTURES_H
#define IOM_LINE_PICTURES_H

#include "bench/record/results.h"
#include "bench/show/caption.h"
#include "bench/show/panels.h"

/* Make the picture called `name` (plot_scripts) of the servers that `drawn` holds for, which may be
 * NULL for all: caption and panels, which the caller frees. False where it is none of these. */
bool line_picture(const char *name, const struct results *r, enum protocol protocol,
                  bool (*drawn)(const struct results *r, const char *model),
                  struct caption *caption, struct panels *panels);

/* Add `text` to `note` after a semicolon; an empty text adds nothing. Frees both. */
char *note_join(char *note, char *text);

#endif
