/* One request and its answer, as a protocol sees them: bytes, never I/O.
 *
 * A protocol gives the bytes of the next request and judges the bytes that come back. It knows
 * nothing of sockets, clocks or engines, so every engine sends and verifies the same. */
#ifndef IOM_EXCHANGE_H
#define IOM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http_response.h"
#include "loadgen/protocol/request.h"
#include "loadgen/protocol/workload.h"

enum exchange_result {
    EXCHANGE_MORE,    /* all input was taken, the answer goes on */
    EXCHANGE_OK,      /* complete and right */
    EXCHANGE_NON_2XX, /* complete, but not a success */
    EXCHANGE_WRONG,   /* complete, with a wrong body; `reason` tells why */
    EXCHANGE_CORRUPT, /* not an answer to this request; `reason` tells why */
    EXCHANGE_EOF,     /* only from eof(): cut short */
};

/* The state of one connection. */
struct exchange {
    union {
        struct {
            struct http_response response;
            struct body body;
            uint64_t random; /* which URL comes next */
            uint16_t target; /* which one the answer is due to */
        } http;
        struct {
            const char *expected; /* the message, which must come back */
            size_t received;
            uint32_t position; /* where in the block the next message to send begins */
        } echo;
    };
    const char *reason; /* after WRONG, CORRUPT or EOF: a constant string */
    bool reusable; /* after OK, NON_2XX or WRONG: the connection may carry another request */
};

struct protocol {
    /* Make what the requests of `*load` are made of, whose targets are there already. */
    void (*prepare)(struct workload *load, const struct options *o);
    /* Set up the state of connection number `id` of the run, once. */
    void (*init)(const struct workload *load, struct exchange *x, uint32_t id);
    /* Make the next request. Its bytes stay valid and unchanged for the whole run. q->choice has
     * what expect() must know of the request. */
    void (*begin)(const struct workload *load, struct exchange *x, struct request *q,
                  const char **data, size_t *size);
    /* The next input is the answer to `q`. Between begin() and this there may be the answers to
     * requests that were begun before. */
    void (*expect)(const struct workload *load, struct exchange *x, const struct request *q);
    /* Judge input. `*data` is moved past what belongs to this answer. */
    enum exchange_result (*feed)(struct workload *load, struct exchange *x, const char **data,
                                 const char *end);
    /* The server closed its side in mid-exchange. Never MORE. */
    enum exchange_result (*eof)(struct workload *load, struct exchange *x);
    void (*free)(struct exchange *x);
};

extern const struct protocol protocol_http;
extern const struct protocol protocol_echo;

#endif
