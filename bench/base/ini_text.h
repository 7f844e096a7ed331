/* .ini files, read by inih without the limits that it was compiled with. */
#ifndef IOM_INI_TEXT_H
#define IOM_INI_TEXT_H

#include <ini.h>
#include <stdbool.h>

/* Where the value stands that a handler is given. */
struct ini_place {
    int line;     /* of the text, from 1 */
    bool goes_on; /* the line begins with a blank: it is one more value of the key above */
    /* after the parsing: whether the handler refused the first line that is wrong */
    bool refused;
};

/* Parse `text` as ini_parse_string() does. `handler` gets each section, key and value; it returns
 * 0 to refuse. Meanwhile `place` tells where the value stands. Returns 0, or the number of the
 * first line that is wrong.
 *
 * Two things differ from inih alone, which cuts lines after INI_MAX_LINE bytes and ends a value at
 * " ;": lines of any length are read whole, and a ';' in a value is part of the value. A comment
 * is a line of its own, which begins with ';' or '#'. */
int ini_text_parse(const char *text, ini_handler handler, void *user, struct ini_place *place);

#endif
