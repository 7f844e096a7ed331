/* May a program rewrite its line on standard error? */
#ifndef IOM_TERMINAL_H
#define IOM_TERMINAL_H

#include <stdbool.h>

/* True where standard error is a terminal, TERM names one that moves its cursor (TERM is set, not
 * empty and not "dumb"), and NO_COLOR is unset or empty. https://no-color.org is about colour. But
 * a user who sets NO_COLOR may have a log that shows escape sequences as text. */
bool terminal_rewrites(void);

#endif
