/* One answer, as its bytes come: parsed, and judged when it is whole. No I/O. */
#ifndef IOM_ANSWER_H
#define IOM_ANSWER_H

#include "clients/job/body.h"
#include "common/http_response.h"

struct answer {
    struct http_response response;
    struct body body;
    enum outcome outcome; /* when it is over */
    bool keeps_open;      /* when it is over: the connection can carry another request */
};

void answer_init(struct answer *a);
void answer_free(struct answer *a);

/* Expect the answer to a new request. */
void answer_begin(struct answer *a);

/* Take `size` bytes. True when the answer is over: `outcome` and `keeps_open` are set. */
bool answer_take(struct answer *a, const struct job *job, struct tally *t, const char *data,
                 size_t size);

/* The server has closed its side, which ends the answer. */
void answer_eof(struct answer *a, const struct job *job, struct tally *t);

/* Has a byte of the answer come? */
static inline bool answer_started(const struct answer *a)
{
    return http_response_started(&a->response);
}

#endif
