#include "clients/drive/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

#define SPACE 16384

void conn_init(struct conn *c, struct job *job, unsigned number)
{
    *c = (struct conn){.job = job, .tally = &job->tallies[number], .fd = -1};
    c->request = xmalloc(JOB_REQUEST_MAX);
    answer_init(&c->answer);
}

static void close_socket(struct conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->open = false;
}

void conn_free(struct conn *c)
{
    close_socket(c);
    answer_free(&c->answer);
    free(c->request);
}

void conn_begin(struct conn *c, size_t length)
{
    c->deadline = clock_after(tally_begin(c->tally), c->job->timeout);
    c->length = length;
    c->sent = 0;
    c->was_repeated = false;
    answer_begin(&c->answer);
    c->state = c->open ? CONN_SENDING : CONN_CLOSED;
}

bool conn_take(struct conn *c)
{
    uint64_t number = job_take(c->job);
    if (number == 0) {
        close_socket(c);
        return false;
    }
    conn_begin(c, job_request(c->job, number, c->request));
    return true;
}

static void end(struct conn *c, enum outcome outcome, bool keep)
{
    if (!keep)
        close_socket(c);
    c->is_used = true;
    c->state = CONN_IDLE;
    c->outcome = outcome;
    tally_end(c->tally, outcome);
}

void conn_fail(struct conn *c, enum outcome outcome)
{
    end(c, outcome, false);
}

void conn_timed_out(struct conn *c)
{
    conn_fail(c, OUTCOME_TIMEOUT);
}

/* The connection is lost. Had the server closed it before it saw the request? */
static void lose(struct conn *c, enum outcome outcome)
{
    if (!c->open || !c->is_used || c->was_repeated || answer_started(&c->answer)) {
        conn_fail(c, outcome);
        return;
    }
    close_socket(c);
    c->was_repeated = true;
    c->sent = 0;
    c->state = CONN_CLOSED;
    c->tally->sent_again++;
}

static enum outcome outcome_of(int error)
{
    switch (error) {
    case ECONNRESET:
    case EPIPE:
        return OUTCOME_RESET;
    case ETIMEDOUT:
        return OUTCOME_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EADDRNOTAVAIL:
        return OUTCOME_SYSTEM;
    default:
        return OUTCOME_REFUSED;
    }
}

void conn_broken(struct conn *c, int error)
{
    lose(c, outcome_of(error));
}

bool conn_socket(struct conn *c, int flags)
{
    int one = 1;
    c->fd = socket(addr_family(&c->job->url.addr), SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    c->watched = 0;
    if (c->fd < 0) {
        conn_fail(c, OUTCOME_SYSTEM);
        return false;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return true;
}

void conn_up(struct conn *c)
{
    c->tally->opened++;
    c->open = true;
    c->is_used = false;
    c->state = CONN_SENDING;
}

void conn_connect(struct conn *c)
{
    const struct addr *to = &c->job->url.addr;
    int error;
    do
        error = connect(c->fd, addr_sockaddr(to), to->len) == 0 ? 0 : errno;
    while (error == EINTR);
    if (error == 0 || error == EISCONN)
        conn_up(c);
    else if (error == EINPROGRESS || error == EALREADY)
        c->state = CONN_CONNECTING;
    else
        conn_broken(c, error);
}

void conn_connected(struct conn *c)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error == 0)
        conn_up(c);
    else
        conn_broken(c, error);
}

void conn_sent(struct conn *c, size_t size)
{
    c->sent += size;
    if (c->sent == c->length)
        c->state = CONN_RECEIVING;
}

static bool is_for_later(int error)
{
    return error == EAGAIN || error == EINTR;
}

bool conn_send(struct conn *c)
{
    ssize_t n = send(c->fd, c->request + c->sent, c->length - c->sent, MSG_NOSIGNAL);
    if (n < 0 && is_for_later(errno))
        return false;
    if (n < 0)
        conn_broken(c, errno);
    else
        conn_sent(c, (size_t)n);
    return c->state != CONN_SENDING;
}

void conn_received(struct conn *c, const char *data, size_t size)
{
    bool is_over = true;
    if (size == 0 && !answer_started(&c->answer)) {
        lose(c, OUTCOME_EOF);
        return;
    }
    if (size > 0)
        is_over = answer_take(&c->answer, c->job, c->tally, data, size);
    else
        answer_eof(&c->answer, c->job, c->tally);
    if (is_over)
        end(c, c->answer.outcome, c->answer.keeps_open);
}

bool conn_receive(struct conn *c)
{
    /* Not on the stack, which may be a coroutine's. What comes is used before more comes. */
    static _Thread_local char space[SPACE];
    ssize_t n = recv(c->fd, space, SPACE, 0);
    if (n < 0 && is_for_later(errno))
        return false;
    if (n < 0)
        conn_broken(c, errno);
    else
        conn_received(c, space, (size_t)n);
    /* Less than there was room for: the socket is empty. */
    return c->state != CONN_RECEIVING || n == SPACE;
}

enum conn_want conn_go_on(struct conn *c)
{
    for (;;) {
        switch (c->state) {
        case CONN_IDLE:
            return CONN_OVER;
        case CONN_CLOSED:
            if (conn_socket(c, SOCK_NONBLOCK))
                conn_connect(c);
            if (c->state == CONN_CONNECTING)
                return CONN_WRITE;
            break;
        case CONN_CONNECTING:
            conn_connected(c);
            break;
        case CONN_SENDING:
            if (!conn_send(c))
                return CONN_WRITE;
            if (c->state == CONN_RECEIVING)
                return CONN_READ; /* it is too early to try */
            break;
        case CONN_RECEIVING:
            if (!conn_receive(c))
                return CONN_READ;
            break;
        }
    }
}

enum conn_want conn_step(struct conn *c)
{
    enum conn_want want = CONN_OVER;
    while (want == CONN_OVER && (c->state != CONN_IDLE || conn_take(c)))
        want = conn_go_on(c);
    return want;
}
