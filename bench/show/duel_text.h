/* What the terminal says of a duel. */
#ifndef IOM_DUEL_TEXT_H
#define IOM_DUEL_TEXT_H

#include <stddef.h>

#include "bench/duel/duel.h"

/* One line, without its end. The caller frees it. */
char *duel_line(const struct duel *d);

/* The lines after several duels: how often each verdict came; `equal` says that both sides are the
 * same, so that a difference is a false alarm. The caller frees it. */
char *duel_sum(const unsigned verdicts[DUEL_VERDICTS], bool equal);

#endif
