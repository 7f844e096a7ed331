#include "loadgen/load/crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/engine/dial.h"
#include "loadgen/protocol/exchange.h"

/* A slow connection takes a step so often, and a lost one is opened again after so long. */
#define STEP_NS (100 * NS_PER_MS)

/* Bytes that a slow reader takes in a step, and its receive buffer: the kernel makes of it the
 * least that it allows, some 2 KiB (socket(7)). */
#define READ_SIZE      16
#define RECEIVE_BUFFER 1

#define OPEN_BATCH 256 /* between two looks at what has come up */
#define EVENTS     256

enum state { CLOSED, CONNECTING, OPEN };

struct member {
    struct member *next; /* in the queue */
    uint64_t due;        /* its next step */
    int fd;
    uint8_t kind, state;
    bool queued;
    bool tried;
    const char *out; /* rest of the request */
    size_t out_left;
    struct exchange exchange;
};

static void queue(struct crowd *crowd, struct member *m, uint64_t due)
{
    if (m->queued)
        return;
    m->queued = true;
    m->due = due;
    m->next = NULL;
    if (crowd->head)
        crowd->tail->next = m;
    else
        crowd->head = m;
    crowd->tail = m;
}

static void tried(struct crowd *crowd, struct member *m)
{
    uint64_t one = 1;

    if (m->tried)
        return;
    m->tried = true;
    if (--crowd->untried == 0 && write(crowd->b->ready_fd, &one, sizeof one) < 0)
        die_errno("cannot tell that the background is there");
}

static void close_member(struct crowd *crowd, struct member *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
    if (m->state == OPEN)
        atomic_fetch_sub(&crowd->b->counts[m->kind].open, 1);
    m->state = CLOSED;
}

/* The peer, or the network, ended it: open it again later. */
static void lost(struct crowd *crowd, struct member *m)
{
    if (m->state == OPEN)
        atomic_fetch_add(&crowd->b->counts[m->kind].lost, 1);
    close_member(crowd, m);
    tried(crowd, m);
    queue(crowd, m, clock_ns() + STEP_NS);
}

static void begin_request(struct crowd *crowd, struct member *m)
{
    struct workload *load = crowd->b->load;
    struct request request;

    load->protocol->begin(load, &m->exchange, &request, &m->out, &m->out_left);
    load->protocol->expect(load, &m->exchange, &request);
}

static void opened(struct crowd *crowd, struct member *m)
{
    /* A reader is not told of input: it looks when its step comes. */
    struct epoll_event event = {.data.ptr = m};

    m->state = OPEN;
    atomic_fetch_add(&crowd->b->counts[m->kind].open, 1);
    tried(crowd, m);
    if (m->kind != BACKGROUND_READER)
        event.events = EPOLLIN;
    if (epoll_ctl(crowd->epoll_fd, EPOLL_CTL_MOD, m->fd, &event) < 0)
        die_errno("cannot watch a background connection");
    if (m->kind == BACKGROUND_IDLE)
        return;
    begin_request(crowd, m);
    queue(crowd, m, clock_ns() + STEP_NS);
}

static void open_member(struct crowd *crowd, struct member *m)
{
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = m};
    int buffer = m->kind == BACKGROUND_READER ? RECEIVE_BUFFER : 0;
    int error =
        dial(crowd->b->sources, &crowd->cursor, &crowd->b->options->url.addr, buffer, &m->fd);

    if (error == EAGAIN && !m->tried) {
        /* The listen queue of a Unix-domain socket is full (unix(7)): that is no answer yet. */
        queue(crowd, m, clock_ns() + STEP_NS);
        return;
    }
    if (error && error != EINPROGRESS) {
        lost(crowd, m);
        return;
    }
    m->state = CONNECTING;
    if (epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, m->fd, &event) < 0)
        die_errno("cannot watch a background connection");
    if (error == 0)
        opened(crowd, m);
}

/* Send `limit` bytes at most. Returns false where the connection is lost. */
static bool send_some(struct member *m, size_t limit)
{
    size_t size = m->out_left < limit ? m->out_left : limit;
    if (size == 0)
        return true;
    ssize_t n = send(m->fd, m->out, size, MSG_NOSIGNAL);
    if (n > 0) {
        m->out += n;
        m->out_left -= (size_t)n;
    }
    return n > 0 || errno == EAGAIN || errno == EINTR;
}

/* Read `limit` bytes at most; the next request begins when an answer is complete. Returns false
 * where the connection is of no use any more. */
static bool receive_some(struct crowd *crowd, struct member *m, char *buffer, size_t limit)
{
    struct workload *load = crowd->b->load;
    ssize_t n = recv(m->fd, buffer, limit, 0);
    const char *data = buffer;

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    if (m->kind == BACKGROUND_IDLE)
        return true;
    enum exchange_result result = load->protocol->feed(load, &m->exchange, &data, buffer + n);
    if (result == EXCHANGE_MORE)
        return true;
    if (result == EXCHANGE_CORRUPT || data != buffer + n || !m->exchange.reusable ||
        m->out_left > 0)
        return false;
    begin_request(crowd, m);
    return true;
}

/* Its time has come. */
static void step(struct crowd *crowd, struct member *m)
{
    char buffer[READ_SIZE];
    bool good = true;

    if (m->state == CLOSED) {
        open_member(crowd, m);
    } else if (m->state == OPEN) {
        if (m->kind == BACKGROUND_SENDER)
            good = send_some(m, 1);
        else if (m->out_left > 0)
            good = send_some(m, m->out_left);
        else
            good = receive_some(crowd, m, buffer, sizeof buffer);
        if (good)
            queue(crowd, m, clock_ns() + STEP_NS);
        else
            lost(crowd, m);
    }
}

static void handle(struct crowd *crowd, struct member *m, uint32_t events)
{
    char buffer[16384];
    int error = 0;
    socklen_t size = sizeof error;

    if (m->state == CONNECTING) {
        getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error)
            lost(crowd, m);
        else if (events & EPOLLOUT)
            opened(crowd, m);
    } else if (m->state == OPEN) {
        /* Not to a reader: these two are reported whether asked for or not. */
        bool ended = m->kind == BACKGROUND_READER && (events & (EPOLLHUP | EPOLLERR));
        if (ended || !receive_some(crowd, m, buffer, sizeof buffer))
            lost(crowd, m);
    }
}

static void run_steps(struct crowd *crowd)
{
    uint64_t now = clock_ns();

    for (unsigned i = 0; i < OPEN_BATCH && crowd->head && crowd->head->due <= now; i++) {
        struct member *m = crowd->head;
        crowd->head = m->next;
        m->queued = false;
        step(crowd, m);
    }
}

void crowd_turn(struct crowd *crowd)
{
    struct epoll_event events[EVENTS];
    uint64_t now = clock_ns();
    uint64_t deadline = crowd->head ? crowd->head->due : CLOCK_NEVER;
    int n = epoll_wait(crowd->epoll_fd, events, EVENTS,
                       deadline <= now ? 0 : clock_timeout_ms(now, deadline));

    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for background connections");
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr)
            handle(crowd, events[i].data.ptr, events[i].events);
        else
            crowd->stopped = true;
    }
    run_steps(crowd);
}

static void make_members(struct crowd *crowd)
{
    struct background *b = crowd->b;
    uint64_t now = clock_ns();
    uint32_t k = 0;

    crowd->members = xcalloc(b->total, sizeof *crowd->members);
    for (unsigned kind = 0; kind < BACKGROUND_KINDS; kind++) {
        for (uint32_t i = 0; i < b->counts[kind].asked; i++) {
            struct member *m = &crowd->members[k];
            m->fd = -1;
            m->kind = (uint8_t)kind;
            b->load->protocol->init(b->load, &m->exchange, b->options->connections + k);
            queue(crowd, m, now);
            k++;
        }
    }
}

void crowd_init(struct crowd *crowd, struct background *b)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    *crowd = (struct crowd){.b = b, .untried = b->total, .cursor = {.at = b->options->threads}};
    crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->epoll_fd < 0)
        die_errno("cannot create an epoll instance");
    if (epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, b->stop_fd, &event) < 0)
        die_errno("cannot watch an event descriptor");
    make_members(crowd);
}

void crowd_free(struct crowd *crowd)
{
    const struct background *b = crowd->b;

    for (uint32_t i = 0; i < b->total; i++) {
        if (crowd->members[i].fd >= 0)
            close(crowd->members[i].fd);
        b->load->protocol->free(&crowd->members[i].exchange);
    }
    free(crowd->members);
    close(crowd->epoll_fd);
}
