/* .ini files, read by inih without the limits that it was compiled with. */
#ifndef IOM_INI_TEXT_H
#define IOM_INI_TEXT_H

#include <ini.h>
#include <stdbool.h>

/* Parse `text` as ini_parse_string() does. `handler` gets each section, key and value; it returns
 * 0 to refuse. A line that begins with a blank is one more value of the key above. Returns 0, or
 * the number of the first line that is wrong; `*refused` tells whether `handler` refused that line.
 *
 * Two things differ from inih alone, which cuts lines after INI_MAX_LINE bytes and ends a value at
 * " ;": lines of any length are read whole, and a ';' in a value is part of the value. A comment
 * is a line of its own, which begins with ';' or '#'. */
int ini_text_parse(const char *text, ini_handler handler, void *user, bool *refused);

#endif
