/* gnuplot's SVG, made small enough that a page can hold many pictures. */
#ifndef IOM_SVG_H
#define IOM_SVG_H

#include <stddef.h>

/* The element <svg> of `text`, a file that gnuplot wrote, as a part of a page: the same picture
 * in a quarter of the bytes. Every id and every reference to one has `prefix` and a hyphen before
 * it, so that pictures on one page do not take each other's marks. What is drawn nowhere goes:
 * titles of plots, groups without content, marks that nothing refers to. Coordinates keep a tenth
 * of a unit. An attribute goes where its value is inherited all the same (SVG 1.1, 6.4:
 * presentation attributes). NULL where there is no such element; the caller frees it. */
char *svg_small(const char *text, const char *prefix, size_t *size);

#endif
