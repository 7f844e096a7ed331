/* gnuplot, started once for each picture. */
#ifndef IOM_GNUPLOT_H
#define IOM_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

/* `text` as gnuplot takes it literally. The caller frees it. */
char *gnuplot_string(const char *text);

/* The same in lines of at most `columns`, broken at spaces, and without the meaning that enhanced
 * text gives some characters: an expression of gnuplot, "" for no text. The caller frees it. */
char *gnuplot_lines(const char *text, size_t columns);

/* Run `script`, a file of the directory `scripts`, after the gnuplot commands `set`, in the
 * directory `dir` (which then is part of no program). It must write the whole of `svg`, a path
 * that holds from here: gnuplot does not look whether its writes went well. `no_png` becomes
 * "no PNG: ..." where this gnuplot has no terminal for PNGs (scripts/plots/style.gp), else "".
 * Returns false with one line in `error` where gnuplot is missing or fails. */
bool gnuplot_run(const char *scripts, const char *script, const char *set, const char *dir,
                 const char *svg, char *no_png, size_t no_png_size, char *error,
                 size_t error_size);

/* The scripts' directory by a path that holds from anywhere. The caller frees it. NULL with
 * one line in `error` where it is not there, or cannot be handed to gnuplot. */
char *gnuplot_find_scripts(const char *scripts, char *error, size_t error_size);

#endif
