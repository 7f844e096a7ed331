/* Playing a story to a server. */
#ifndef IOM_PLAY_H
#define IOM_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bench/trace/client.h"
#include "bench/trace/script.h"

/* What came of it. */
struct played {
    struct acts acts;               /* in the order of time */
    struct connection *connections; /* of all clients, in the order in which they were opened */
    size_t connection_count;
    int64_t *began; /* ns after the beginning: each step */
    int64_t end;    /* ns after the beginning: when all was over */
};

/* Play `script` to the server at `address`, the process `server`, of which `pidfd` tells the end.
 * False with the reason, "FILE:LINE: ..." where a step failed or did not end.
 * trace_played_free() in every case. */
bool trace_play(const struct script *script, const char *address, pid_t server, int pidfd,
                struct played *out, char *reason, size_t reason_size);
void trace_played_free(struct played *p);

#endif
