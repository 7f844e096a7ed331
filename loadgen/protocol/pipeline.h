/* Several requests on their way on one connection (--pipeline): the records of the requests that
 * wait for an answer, and the pieces of output that are still to be sent, both in order. Used only
 * where more than one request may be on its way; else the fields of the connection suffice.
 *
 * What is appended goes out with one call a turn of the loop, and never before what was appended
 * earlier. So a request cannot overtake the rest of the request before it. */
#ifndef IOM_PIPELINE_H
#define IOM_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "loadgen/protocol/request.h"

/* sendmsg(2) takes no more pieces in one call (IOV_MAX). */
#define PIPELINE_MAX 1024

struct pipeline {
    uint32_t depth;
    bool listed;       /* among the connections with something to send */
    uint64_t appended; /* bytes, since it was created */

    /* Private: */
    uint32_t oldest;            /* where in `requests` the first one is: they go round */
    uint32_t piece, pieces_end; /* the pieces that are not sent */
    struct request *requests;   /* an array of `depth` */
    struct iovec *pieces;       /* twice `depth`: one batch sent and not confirmed, one new */
    struct msghdr message;
};

/* Allocate one for up to `depth` requests. Free it with free(). */
struct pipeline *pipeline_create(uint32_t depth);

/* The record of the request number `index` of those on their way, 0 the oldest. */
static inline struct request *pipeline_at(const struct pipeline *p, uint32_t index)
{
    uint32_t i = p->oldest + index;
    return &p->requests[i < p->depth ? i : i - p->depth];
}

/* The oldest has ended. */
static inline void pipeline_pop(struct pipeline *p)
{
    if (++p->oldest == p->depth)
        p->oldest = 0;
}

/* Append output; the data stays where it is until it is sent. There is room for that of `depth`
 * requests besides what was given to the system and not confirmed: so no request may count as
 * answered before it is sent. */
void pipeline_append(struct pipeline *p, const char *data, size_t size);

/* All output that is not sent, for sendmsg(2). Valid until something else is called. */
const struct msghdr *pipeline_message(struct pipeline *p);

/* So many bytes of it were sent. */
void pipeline_sent(struct pipeline *p, size_t size);

/* Forget all output. */
void pipeline_clear(struct pipeline *p);

#endif
