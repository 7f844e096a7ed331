/* A directory for the data of one picture, and the SVG out of it. */
#ifndef IOM_WORKSHOP_H
#define IOM_WORKSHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Make a directory that is like that of a run, with an empty directory plots in it; NULL with one
 * line in `error`. workshop_clear() removes it with its files, and frees the name. */
char *workshop_make(const char *name, char *error, size_t error_size);
void workshop_clear(char *dir);

struct workshop {
    char *dir;
    char *data; /* DIR/NAME.tsv */
    char *svg;  /* DIR/plots/NAME.svg */
    FILE *f;    /* of the data */
    const char *name;
};

/* Make the directory, and open its data to be written. False with one line in `error`. */
bool workshop_open(struct workshop *w, const char *name, char *error, size_t error_size);

/* Draw with the script NAME of the directory `scripts`, after the gnuplot commands `set`, and copy
 * the SVG to `to`. The directory is gone afterwards. False with one line in `error`. */
bool workshop_draw(struct workshop *w, const char *scripts, const char *set, const char *to,
                   char *error, size_t error_size);

#endif
