/* One session of a duel: both servers started, their pairs of windows, both stopped. */
#ifndef IOM_SESSION_OF_DUEL_H
#define IOM_SESSION_OF_DUEL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/duel/side.h"

/* Run a session with the random numbers of stream `number` (from 1) of the seed. `windows` takes
 * 2 * spec->pairs windows; `*count` becomes how many of them there are. `burns` says who must be
 * stopped while the other is loaded; session 1 finds it out. `*repeated` grows by the windows that were
 * measured again, since one had no answer at all. */
enum side_result session_run(const struct duel_spec *spec, unsigned number, bool burns[2],
                             struct duel_window *windows, size_t *count, unsigned *repeated,
                             char *reason, size_t reason_size);

#endif
