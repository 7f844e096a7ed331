/* The job of a client: so many requests, at most so many at once, and what became of them.
 *
 * The requests are numbered from 1. Taking the next number is the whole queue: all requests are
 * known when the job begins. That number, what was counted, and what a right body is lie in memory
 * that all threads and processes of the client share. Each counts in a tally of its own. */
#ifndef IOM_JOB_H
#define IOM_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/url.h"

/* The most requests at once that a client can be asked for. */
#define JOB_CONCURRENCY_MAX 10000

/* Each request ends in one of these. */
enum outcome {
    OUTCOME_OK,      /* status 2xx, and the right body */
    OUTCOME_REFUSED, /* no connection */
    OUTCOME_RESET,   /* the connection was reset before the answer was whole */
    OUTCOME_TIMEOUT, /* no whole answer in time */
    OUTCOME_EOF,     /* the server closed before the answer was whole */
    OUTCOME_CORRUPT, /* not HTTP, or a wrong body */
    OUTCOME_NON_2XX, /* a whole answer of another status */
    OUTCOME_SYSTEM,  /* this system refused a socket, memory, a thread or a process */
    OUTCOMES
};
extern const char *const outcome_names[OUTCOMES];

/* What one thread or process has counted: nobody else writes to it. */
struct tally {
    uint64_t ended[OUTCOMES];
    uint64_t opened;     /* connections that came up */
    uint64_t sent_again; /* requests that found their kept connection closed by the server */
    uint64_t body_bytes;
    uint64_t first_begun, last_ended; /* clock_ns() */
} __attribute__((aligned(64)));

struct job {
    /* What is asked for: */
    const char *url_text; /* as the user wrote it */
    struct url url;       /* the same with a 0 where the number of the request goes */
    size_t number_at;     /* where in url.target that 0 stands; SIZE_MAX: nowhere */
    uint64_t requests;
    unsigned concurrency; /* requests at once, at most */
    uint64_t timeout;     /* ns, for each request from its begin to its end */
    bool close;           /* a new connection for each request */
    bool any_body;        /* the bodies may differ */

    /* Shared: */
    struct job_shared {
        _Atomic uint64_t taken;       /* requests */
        _Atomic uint64_t body_digest; /* of the right body: body.h; 0: not known yet */
    } * shared;
    struct tally *tallies; /* as many as `concurrency` */
};

/* Read a URL into `*job`. In its path or query "{i}" stands for the number of the request. False
 * with one line in `error`. */
bool job_set_url(struct job *job, const char *text, char *error, size_t size);

/* Map what is shared, when all that is asked for is known. Ends the program where the kernel
 * refuses. */
void job_share(struct job *job);

/* The number of the next request, 0 when all are taken. For any thread or process. */
uint64_t job_take(const struct job *job);

/* The bytes of request `number`, written to `out`, which has JOB_REQUEST_MAX bytes. Returns their
 * count. */
#define JOB_REQUEST_MAX (URL_TEXT_MAX + 512)
size_t job_request(const struct job *job, uint64_t number, char *out);

/* The URL of request `number`, written to `out`, which has JOB_REQUEST_MAX bytes. */
void job_url(const struct job *job, uint64_t number, char *out);

/* A request begins, or has ended. The first returns the time. */
uint64_t tally_begin(struct tally *t);
void tally_end(struct tally *t, enum outcome outcome);

/* The sum of all tallies. When the job is over, the requests that were taken and that it does not
 * have were lost with a process that died. */
struct tally job_sum(const struct job *job);

#endif
