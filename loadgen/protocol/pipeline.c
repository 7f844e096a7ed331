#include "loadgen/protocol/pipeline.h"

#include <string.h>

#include "common/err.h"

struct pipeline *pipeline_create(uint32_t depth)
{
    struct pipeline *p = xcalloc(1, sizeof *p + depth * sizeof *p->requests +
                                        2 * (size_t)depth * sizeof *p->pieces);
    p->depth = depth;
    p->pieces = (struct iovec *)(p + 1);
    p->requests = (struct request *)(p->pieces + 2 * (size_t)depth);
    return p;
}

void pipeline_append(struct pipeline *p, const char *data, size_t size)
{
    if (p->pieces_end == 2 * p->depth) {
        uint32_t count = p->pieces_end - p->piece;
        memmove(p->pieces, p->pieces + p->piece, count * sizeof *p->pieces);
        p->piece = 0;
        p->pieces_end = count;
    }
    p->appended += size;
    p->pieces[p->pieces_end++] = (struct iovec){.iov_base = (char *)data, .iov_len = size};
}

const struct msghdr *pipeline_message(struct pipeline *p)
{
    p->message.msg_iov = p->pieces + p->piece;
    p->message.msg_iovlen = p->pieces_end - p->piece;
    return &p->message;
}

void pipeline_sent(struct pipeline *p, size_t size)
{
    while (size > 0) {
        struct iovec *piece = &p->pieces[p->piece];
        size_t n = size < piece->iov_len ? size : piece->iov_len;
        piece->iov_base = (char *)piece->iov_base + n;
        piece->iov_len -= n;
        size -= n;
        p->piece += piece->iov_len == 0;
    }
}

void pipeline_clear(struct pipeline *p)
{
    p->piece = p->pieces_end = 0;
}
