/* Opening a connection. */
#ifndef IOM_DIAL_H
#define IOM_DIAL_H

#include "common/addr.h"
#include "loadgen/engine/sources.h"

/* Open a socket, non-blocking and with TCP_NODELAY, bind it to the next source address, and begin
 * to connect it to `to`. `receive_buffer`: its SO_RCVBUF, or 0 for the system's choice; it must be
 * set before the window is announced, so here. Where an address has no free port the next one is
 * tried. Returns 0 where it is connected or EINPROGRESS, with the socket in `*fd`, or another
 * errno and -1 there. */
int dial(struct sources *sources, struct source_cursor *cursor, const struct addr *to,
         int receive_buffer, int *fd);

#endif
