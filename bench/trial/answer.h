/* One question put to a server, and its answer: whether a server of others is ready, and whether it
 * says what ours say. */
#ifndef IOM_ANSWER_H
#define IOM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"

struct answer {
    char *body; /* NULL: there is no answer */
    size_t body_size;
    size_t head_size; /* bytes of status line and fields; 0 for echo */
    unsigned status;  /* of HTTP; 0 for echo */
};

enum answer_result {
    ANSWER_OK,
    ANSWER_NOT_YET, /* refused, reset, or closed before the answer was whole */
    ANSWER_BAD,     /* not HTTP, or the server is silent; `reason` says so */
    ANSWER_INTERRUPTED,
};

/* Connect to `address` (as common/addr.h writes it), ask for `path` (echo: send `payload` bytes)
 * and wait for the whole answer until `deadline`, or until the process behind `pidfd` ends. The
 * caller frees `out` with answer_free() in every case. */
enum answer_result answer_fetch(const char *address, enum protocol protocol, const char *path,
                                uint64_t payload, int pidfd, uint64_t deadline,
                                struct answer *out, char *reason, size_t reason_size);
void answer_free(struct answer *a);

/* The two parts of answer_fetch(), for several questions over one connection. `*fd` is the caller's
 * to close, -1 where the result is not ANSWER_OK. */
enum answer_result answer_connect(const char *address, int *fd, char *reason,
                                  size_t reason_size);
enum answer_result answer_ask(int fd, const char *address, enum protocol protocol,
                              const char *path, uint64_t payload, int pidfd, uint64_t deadline,
                              struct answer *out, char *reason, size_t reason_size);

/* Whether `theirs` has the status and the body of `ours`; where not, `what` says how they
 * differ. */
bool answer_same(const struct answer *ours, const struct answer *theirs, char *what,
                 size_t what_size);

#endif
