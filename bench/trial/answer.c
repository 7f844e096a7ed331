#include "bench/trial/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/http_response.h"

/* An exchange under way. */
struct exchange {
    enum protocol protocol;
    struct http_response response;
    size_t wanted; /* echo: bytes sent */
    struct answer *out;
};

static void add(struct answer *a, const char *data, size_t size)
{
    a->body = xrealloc(a->body, a->body_size + size + 1);
    memcpy(a->body + a->body_size, data, size);
    a->body_size += size;
    a->body[a->body_size] = '\0';
}

/* What is asked, by the same name of the host as the load generator uses; `size` becomes its
 * length. The caller frees it. */
static char *question(const char *address, enum protocol protocol, const char *path,
                      uint64_t payload, size_t *size)
{
    char *text;
    if (protocol == PROTOCOL_HTTP) {
        char *host = xstrdup("localhost");
        if (strncmp(address, "unix:", 5) != 0) {
            host = xrealloc(host, strlen(address) + 1);
            addr_without_zone(address, host);
        }
        text = text_format("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
        free(host);
        *size = strlen(text);
    } else {
        *size = payload;
        text = xmalloc(payload + 1);
        for (size_t i = 0; i < payload; i++)
            text[i] = (char)('!' + i % 90);
        text[payload] = '\0';
    }
    return text;
}

/* Take what came; whether the answer is whole or broken, told by `result`. */
static bool feed(struct exchange *x, const char *data, size_t size, enum answer_result *result,
                 char *reason, size_t reason_size)
{
    const char *end = data + size;
    struct http_response_span span;
    enum http_response_event event;
    *result = ANSWER_OK;
    if (x->protocol == PROTOCOL_ECHO) {
        add(x->out, data, size);
        return x->out->body_size >= x->wanted;
    }
    while ((event = size ? http_response_next(&x->response, &data, end, &span)
                         : http_response_eof(&x->response)) == HTTP_RESPONSE_BODY)
        add(x->out, span.data, span.size);
    if (event == HTTP_RESPONSE_MORE)
        return false;
    if (event == HTTP_RESPONSE_ERROR) {
        *result = ANSWER_BAD;
        snprintf(reason, reason_size, "its answer is not HTTP: %s", x->response.reason);
        return true;
    }
    add(x->out, "", 0);
    x->out->status = x->response.status;
    x->out->head_size = x->response.head_size;
    return true;
}

static enum answer_result converse(struct exchange *x, int fd, const char *ask, size_t size,
                                   int pidfd, uint64_t deadline, char *reason,
                                   size_t reason_size)
{
    char buffer[16384];
    size_t sent = 0;
    for (;;) {
        /* A message beyond both socket buffers is sent piece by piece, while its echo comes. */
        while (sent < size) {
            ssize_t n = send(fd, ask + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno == EAGAIN)
                break;
            if (n < 0)
                return ANSWER_NOT_YET;
            sent += (size_t)n;
        }
        int fds[] = {fd, pidfd};
        int which = wait_readable(fds, 2, deadline);
        if (which == WAIT_INTERRUPTED)
            return ANSWER_INTERRUPTED;
        if (which == WAIT_TIMEOUT) {
            snprintf(reason, reason_size, "it accepted a connection and did not answer");
            return ANSWER_BAD;
        }
        if (which == 1)
            return ANSWER_NOT_YET;
        ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        enum answer_result result;
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n < 0 ||
            (n == 0 && (x->protocol == PROTOCOL_ECHO || !http_response_started(&x->response))))
            return ANSWER_NOT_YET;
        if (feed(x, buffer, (size_t)n, &result, reason, reason_size))
            return result;
    }
}

/* A connection to the first of the name's addresses that accepts one, as the load generator does
 * it; -1 where none does. */
static int connect_any(const struct addr *all, size_t count)
{
    /* Bounds the connect too (socket(7)): a backlog that is full drops it silently. */
    struct timeval second = {.tv_sec = 1};

    for (size_t i = 0; i < count; i++) {
        int fd = socket(addr_family(&all[i]), SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 && errno == EAFNOSUPPORT)
            continue;
        if (fd < 0)
            die_errno("cannot make a socket");
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
        if (connect(fd, addr_sockaddr(&all[i]), all[i].len) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

enum answer_result answer_connect(const char *address, int *fd, char *reason,
                                  size_t reason_size)
{
    struct addr all[ADDRESSES_MAX];
    size_t count = addr_resolve(address, all, ADDRESSES_MAX, reason, reason_size);
    *fd = count > 0 ? connect_any(all, count) : -1;
    return *fd >= 0 ? ANSWER_OK : count > 0 ? ANSWER_NOT_YET : ANSWER_BAD;
}

enum answer_result answer_ask(int fd, const char *address, enum protocol protocol,
                              const char *path, uint64_t payload, int pidfd, uint64_t deadline,
                              struct answer *out, char *reason, size_t reason_size)
{
    *out = (struct answer){0};
    struct exchange x = {.protocol = protocol, .out = out};
    http_response_init(&x.response);
    http_response_begin(&x.response, false);
    char *ask = question(address, protocol, path, payload, &x.wanted);
    enum answer_result result =
        converse(&x, fd, ask, x.wanted, pidfd, deadline, reason, reason_size);
    if (result == ANSWER_OK && protocol == PROTOCOL_ECHO &&
        (out->body_size != x.wanted || memcmp(out->body, ask, x.wanted) != 0)) {
        snprintf(reason, reason_size, "it does not echo what it is sent");
        result = ANSWER_BAD;
    }
    free(ask);
    http_response_free(&x.response);
    return result;
}

enum answer_result answer_fetch(const char *address, enum protocol protocol, const char *path,
                                uint64_t payload, int pidfd, uint64_t deadline,
                                struct answer *out, char *reason, size_t reason_size)
{
    int fd;
    *out = (struct answer){0};
    enum answer_result result = answer_connect(address, &fd, reason, reason_size);
    if (result != ANSWER_OK)
        return result;
    result = answer_ask(fd, address, protocol, path, payload, pidfd, deadline, out, reason,
                        reason_size);
    close(fd);
    return result;
}

void answer_free(struct answer *a)
{
    free(a->body);
    *a = (struct answer){0};
}

bool answer_same(const struct answer *ours, const struct answer *theirs, char *what,
                 size_t what_size)
{
    if (theirs->status != ours->status)
        snprintf(what, what_size, "status %u, ours is %u", theirs->status, ours->status);
    else if (theirs->body_size != ours->body_size)
        snprintf(what, what_size, "a body of %zu bytes, ours has %zu", theirs->body_size,
                 ours->body_size);
    else if (theirs->body_size > 0 && memcmp(theirs->body, ours->body, ours->body_size) != 0)
        snprintf(what, what_size, "a body of other bytes than ours");
    else
        return true;
    return false;
}
