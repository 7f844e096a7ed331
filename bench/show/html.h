/* Writing HTML. */
#ifndef IOM_HTML_H
#define IOM_HTML_H

#include <stdio.h>

/* Write `text` with &, <, > and " escaped. */
void html_text(FILE *f, const char *text);

/* Write `format` with each %s replaced by a text as html_text() writes it; "%%" is a '%', and
 * there is nothing else. */
void html_format(FILE *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Write `name` as a part of an id: letters, digits, '-', '.' and '_' as they are, each other byte
 * as two digits of base 16 between colons. */
void html_id(FILE *f, const char *name);

/* The same for a part of a path in an address (RFC 3986, 2.1 and 3.3): '/' stays. */
void html_path(FILE *f, const char *path);

#endif
