/* Writing HTML. */
#ifndef IOM_HTML_H
#define IOM_HTML_H

#include <stdbool.h>
#include <stdio.h>

/* Write `text` with &, <, > and " escaped. */
void html_text(FILE *f, const char *text);

/* Write `format` with each %s replaced by a text as html_text() writes it; "%%" is a '%', and
 * there is nothing else. */
void html_format(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Write the SVG file at `path` as an element of the page: without XML declaration, every id and
 * every reference to one with `prefix` before it, so that pictures on one page do not take each
 * other's marks. Returns false where the file cannot be read. */
bool html_svg(FILE *f, const char *path, const char *prefix);

#endif
