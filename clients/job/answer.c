#include "clients/job/answer.h"

void answer_init(struct answer *a)
{
    http_response_init(&a->response);
}

void answer_free(struct answer *a)
{
    http_response_free(&a->response);
}

void answer_begin(struct answer *a)
{
    http_response_begin(&a->response, false);
    body_begin(&a->body);
}

static void judge(struct answer *a, const struct job *job, struct tally *t)
{
    a->outcome = body_judge(&a->body, job, a->response.status, t);
    a->keeps_open = a->response.keep_alive && !job->close;
}

static void spoil(struct answer *a, enum outcome outcome)
{
    a->outcome = outcome;
    a->keeps_open = false;
}

bool answer_take(struct answer *a, const struct job *job, struct tally *t, const char *data,
                 size_t size)
{
    const char *end = data + size;
    for (;;) {
        struct http_response_span span;
        switch (http_response_next(&a->response, &data, end, &span)) {
        case HTTP_RESPONSE_MORE:
            return false;
        case HTTP_RESPONSE_BODY:
            body_add(&a->body, span.data, span.size);
            break;
        case HTTP_RESPONSE_DONE:
            judge(a, job, t);
            if (data < end) /* nobody asked for what follows */
                spoil(a, OUTCOME_CORRUPT);
            return true;
        case HTTP_RESPONSE_ERROR:
            spoil(a, OUTCOME_CORRUPT);
            return true;
        }
    }
}

void answer_eof(struct answer *a, const struct job *job, struct tally *t)
{
    if (http_response_eof(&a->response) == HTTP_RESPONSE_DONE) {
        judge(a, job, t);
        a->keeps_open = false;
    } else {
        spoil(a, OUTCOME_EOF);
    }
}
