/* Four calls of epoll_ctl() that nobody needs: an option of epoll-lt. */
#ifndef IOM_NEEDLESS_H
#define IOM_NEEDLESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/command_line.h"

/* --needless-ctl, for model.options. */
extern const struct option_row needless_options[];

/* Without the option nothing. With the option take `fd` out of the epoll instance `set`, put it in
 * for writing, take it out, and put it in as it was: for `events`, with `tag` as its data. Some
 * programs do that for each request: they register for reading, then for writing, then for reading
 * again, and do not modify but remove and add. False with errno where the kernel refuses. */
bool needless_calls(int set, int fd, uint32_t events, void *tag);

#endif
