#include "bench/trace/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/trial/strace.h"
#include "common/err.h"

/* A slow client's receive buffer: the kernel doubles the number (socket(7)). */
static const int slow_buffer = 8192;

void acts_add(struct acts *a, int client, enum act_kind kind, uint64_t bytes)
{
    if (a->count == a->room) {
        a->room = a->room ? 2 * a->room : 64;
        a->at = xrealloc(a->at, a->room * sizeof *a->at);
    }
    a->at[a->count++] = (struct act){.kind = kind,
                                     .client = client,
                                     .at = strace_clock() - a->zero,
                                     .bytes = bytes,
                                     .line = a->line};
}

void acts_free(struct acts *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->at[i].text);
    free(a->at);
    *a = (struct acts){0};
}

static bool failed(const char *what, char *reason, size_t reason_size)
{
    snprintf(reason, reason_size, "cannot %s: %s", what, strerror(errno));
    return false;
}

bool trace_client_connect(struct client *c, const struct addr *server, bool slow,
                          struct acts *acts, char *reason, size_t reason_size)
{
    int one = 1;
    struct addr own;
    c->fd = socket(addr_family(server), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return failed("make a socket", reason, reason_size);
    if (slow && setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &slow_buffer, sizeof slow_buffer) != 0)
        return failed("make the receive buffer small", reason, reason_size);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    acts_add(acts, c->index, ACT_CONNECT, 0);
    if (connect(c->fd, addr_sockaddr(server), server->len) != 0)
        return failed("connect", reason, reason_size);
    if (!addr_local(c->fd, &own) || fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
        return failed("set up the connection", reason, reason_size);
    c->port = addr_port(&own);
    c->slow = slow;
    c->ended = c->halfway = false;
    c->asked = c->answers = 0;
    http_response_init(&c->response);
    http_response_begin(&c->response, false);
    return true;
}

/* The first line, without what a terminal cannot show. */
static char *first_line(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && text[n] >= ' ' && text[n] < 0x7f)
        n++;
    char *line = xmalloc(n + 1);
    memcpy(line, text, n);
    line[n] = '\0';
    return line;
}

bool trace_client_send(struct client *c, const char *text, size_t size, bool whole,
                       struct acts *acts, char *reason, size_t reason_size)
{
    acts_add(acts, c->index, ACT_SEND, size);
    struct act *a = &acts->at[acts->count - 1];
    a->text = first_line(text, size);
    a->first = !c->halfway && !whole;
    a->last = c->halfway && whole;
    c->halfway = !whole;
    c->asked += whole;
    ssize_t n = send(c->fd, text, size, MSG_NOSIGNAL);
    if (n < 0)
        return failed("send", reason, reason_size);
    if ((size_t)n < size)
        snprintf(reason, reason_size, "only %zd of %zu bytes could be sent", n, size);
    return (size_t)n == size;
}

/* Feed the answers' parser. */
static bool judge(struct client *c, const char *data, size_t size, struct acts *acts,
                  char *reason, size_t reason_size)
{
    const char *end = data + size;
    struct http_response_span body;
    for (;;) {
        enum http_response_event e = http_response_next(&c->response, &data, end, &body);
        if (e == HTTP_RESPONSE_MORE)
            return true;
        if (e == HTTP_RESPONSE_ERROR) {
            snprintf(reason, reason_size, "the answer is no HTTP: %s", c->response.reason);
            return false;
        }
        if (e == HTTP_RESPONSE_DONE) {
            c->answers++;
            acts_add(acts, c->index, ACT_ANSWER, 0);
            http_response_begin(&c->response, false);
            if (data == end)
                return true;
        }
    }
}

bool trace_client_take(struct client *c, uint64_t most, uint64_t *taken, struct acts *acts,
                       char *reason, size_t reason_size)
{
    static char data[65536];
    *taken = 0;
    while (*taken < most && !c->ended) {
        uint64_t left = most - *taken;
        ssize_t n = recv(c->fd, data, left < sizeof data ? left : sizeof data, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n < 0 && errno != ECONNRESET)
            return failed("receive", reason, reason_size);
        if (n <= 0) {
            c->ended = true;
            acts_add(acts, c->index, ACT_END, 0);
            return true;
        }
        *taken += (uint64_t)n;
        acts_add(acts, c->index, ACT_RECEIVE, (uint64_t)n);
        if (!judge(c, data, (size_t)n, acts, reason, reason_size))
            return false;
    }
    return true;
}

bool client_half_close(struct client *c, struct acts *acts, char *reason, size_t reason_size)
{
    acts_add(acts, c->index, ACT_HALF_CLOSE, 0);
    return shutdown(c->fd, SHUT_WR) == 0 || failed("half-close", reason, reason_size);
}

void trace_client_close(struct client *c, bool reset, struct acts *acts)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (c->fd < 0)
        return;
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    acts_add(acts, c->index, reset ? ACT_RESET : ACT_CLOSE, 0);
    close(c->fd);
    c->fd = -1;
    http_response_free(&c->response);
}
