#include "loadgen/load/background.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/engine/dial.h"
#include "loadgen/protocol/exchange.h"

/* How long they may take to come up before the load begins without them. */
#define OPEN_LIMIT_NS (4 * NS_PER_S)

/* A slow connection acts so often, and a lost one is opened again after so long. */
#define ACT_NS (100 * NS_PER_MS)

/* Bytes that a slow reader takes at a time, and its receive buffer: the kernel makes of it the
 * least that it allows, some 2 KiB (socket(7)). */
#define READ_SIZE      16
#define RECEIVE_BUFFER 1

#define OPEN_BATCH 256 /* connections to open between two looks */
#define EVENTS     256

enum state { CLOSED, CONNECTING, OPEN };

struct member {
    STAILQ_ENTRY(member) next; /* in the queue */
    uint64_t due;              /* when it acts next */
    int fd;
    uint8_t kind, state;
    bool queued;
    bool tried;
    const char *out; /* rest of the request */
    size_t out_left;
    struct exchange exchange;
};

/* The thread's. */
struct members {
    struct background *b;
    struct source_cursor cursor;
    int epoll_fd;
    struct member *all;
    STAILQ_HEAD(, member) queue; /* those that are to act, in order of time */
    uint32_t untried;            /* whose first attempt to connect has not ended */
    bool stopped;
};

static void queue(struct members *ms, struct member *m, uint64_t due)
{
    if (m->queued)
        return;
    m->queued = true;
    m->due = due;
    STAILQ_INSERT_TAIL(&ms->queue, m, next);
}

static void tried(struct members *ms, struct member *m)
{
    uint64_t one = 1;

    if (m->tried)
        return;
    m->tried = true;
    if (--ms->untried == 0 && write(ms->b->ready_fd, &one, sizeof one) < 0)
        die_errno("cannot tell that the background is there");
}

static void close_member(struct members *ms, struct member *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
    if (m->state == OPEN)
        atomic_fetch_sub(&ms->b->counts[m->kind].open, 1);
    m->state = CLOSED;
}

/* The server, or the network, ended it: open it again later. */
static void lost(struct members *ms, struct member *m)
{
    if (m->state == OPEN)
        atomic_fetch_add(&ms->b->counts[m->kind].lost, 1);
    close_member(ms, m);
    tried(ms, m);
    queue(ms, m, clock_ns() + ACT_NS);
}

static void begin_request(struct members *ms, struct member *m)
{
    struct workload *load = ms->b->load;
    struct request request;

    load->protocol->begin(load, &m->exchange, &request, &m->out, &m->out_left);
    load->protocol->expect(load, &m->exchange, &request);
}

static void opened(struct members *ms, struct member *m)
{
    /* A reader is not told of input: it looks when it acts. */
    struct epoll_event event = {.data.ptr = m};

    m->state = OPEN;
    atomic_fetch_add(&ms->b->counts[m->kind].open, 1);
    tried(ms, m);
    if (m->kind != BACKGROUND_READER)
        event.events = EPOLLIN;
    if (epoll_ctl(ms->epoll_fd, EPOLL_CTL_MOD, m->fd, &event) < 0)
        die_errno("cannot watch a background connection");
    if (m->kind == BACKGROUND_IDLE)
        return;
    begin_request(ms, m);
    queue(ms, m, clock_ns() + ACT_NS);
}

static void open_member(struct members *ms, struct member *m)
{
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = m};
    int buffer = m->kind == BACKGROUND_READER ? RECEIVE_BUFFER : 0;
    int error = dial(ms->b->sources, &ms->cursor, &ms->b->options->url.addr, buffer, &m->fd);

    if (error == EAGAIN && !m->tried) {
        /* The listen queue of a Unix-domain socket is full (unix(7)): that is no answer yet. */
        queue(ms, m, clock_ns() + ACT_NS);
        return;
    }
    if (error && error != EINPROGRESS) {
        lost(ms, m);
        return;
    }
    m->state = CONNECTING;
    if (epoll_ctl(ms->epoll_fd, EPOLL_CTL_ADD, m->fd, &event) < 0)
        die_errno("cannot watch a background connection");
    if (error == 0)
        opened(ms, m);
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
static bool receive_some(struct members *ms, struct member *m, char *buffer, size_t limit)
{
    struct workload *load = ms->b->load;
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
    begin_request(ms, m);
    return true;
}

/* Its time has come. */
static void act(struct members *ms, struct member *m)
{
    char buffer[READ_SIZE];
    bool good = true;

    if (m->state == CLOSED) {
        open_member(ms, m);
    } else if (m->state == OPEN) {
        if (m->kind == BACKGROUND_SENDER)
            good = send_some(m, 1);
        else if (m->out_left > 0)
            good = send_some(m, m->out_left);
        else
            good = receive_some(ms, m, buffer, sizeof buffer);
        if (good)
            queue(ms, m, clock_ns() + ACT_NS);
        else
            lost(ms, m);
    }
}

static void handle(struct members *ms, struct member *m, uint32_t events)
{
    char buffer[16384];
    int error = 0;
    socklen_t size = sizeof error;

    if (m->state == CONNECTING) {
        getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error)
            lost(ms, m);
        else if (events & EPOLLOUT)
            opened(ms, m);
    } else if (m->state == OPEN) {
        /* Not to a reader: these two are reported whether asked for or not. */
        bool ended = m->kind == BACKGROUND_READER && (events & (EPOLLHUP | EPOLLERR));
        if (ended || !receive_some(ms, m, buffer, sizeof buffer))
            lost(ms, m);
    }
}

static void act_on_due(struct members *ms)
{
    uint64_t now = clock_ns();

    for (unsigned i = 0; i < OPEN_BATCH; i++) {
        struct member *m = STAILQ_FIRST(&ms->queue);
        if (!m || m->due > now)
            return;
        STAILQ_REMOVE_HEAD(&ms->queue, next);
        m->queued = false;
        act(ms, m);
    }
}

/* Wait for something to do, and do it. */
static void turn(struct members *ms)
{
    struct epoll_event events[EVENTS];
    uint64_t now = clock_ns();
    const struct member *first = STAILQ_FIRST(&ms->queue);
    uint64_t deadline = first ? first->due : CLOCK_NEVER;
    int n = epoll_wait(ms->epoll_fd, events, EVENTS,
                       deadline <= now ? 0 : clock_timeout_ms(now, deadline));

    if (n < 0 && errno != EINTR)
        die_errno("cannot wait for background connections");
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr)
            handle(ms, events[i].data.ptr, events[i].events);
        else
            ms->stopped = true;
    }
    act_on_due(ms);
}

static void make_members(struct members *ms)
{
    struct background *b = ms->b;
    uint64_t now = clock_ns();
    uint32_t k = 0;

    ms->all = xcalloc(b->total, sizeof *ms->all);
    for (unsigned kind = 0; kind < BACKGROUND_KINDS; kind++) {
        for (uint32_t i = 0; i < b->counts[kind].asked; i++) {
            struct member *m = &ms->all[k];
            m->fd = -1;
            m->kind = (uint8_t)kind;
            b->load->protocol->init(b->load, &m->exchange, b->options->connections + k);
            queue(ms, m, now);
            k++;
        }
    }
}

/* The members are opened in the turns that follow. */
static void init(struct members *ms, struct background *b)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    *ms = (struct members){.b = b, .untried = b->total, .cursor = {.at = b->options->threads}};
    STAILQ_INIT(&ms->queue);
    ms->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (ms->epoll_fd < 0)
        die_errno("cannot create an epoll instance");
    if (epoll_ctl(ms->epoll_fd, EPOLL_CTL_ADD, b->stop_fd, &event) < 0)
        die_errno("cannot watch an event descriptor");
    make_members(ms);
}

static void close_all(struct members *ms)
{
    const struct background *b = ms->b;

    for (uint32_t i = 0; i < b->total; i++) {
        if (ms->all[i].fd >= 0)
            close(ms->all[i].fd);
        b->load->protocol->free(&ms->all[i].exchange);
    }
    free(ms->all);
    close(ms->epoll_fd);
}

const char *background_name(enum background_kind kind)
{
    static const char *const names[BACKGROUND_KINDS] = {"idle", "slow_readers", "slow_senders"};
    return names[kind];
}

static uint64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void *thread_main(void *arg)
{
    struct background *b = arg;
    struct members members;

    init(&members, b);
    while (!members.stopped)
        turn(&members);
    close_all(&members);
    b->cpu_us = cpu_us();
    return NULL;
}

/* Until all were tried, somebody interrupts, or it takes too long. */
static void wait_ready(const struct background *b, int interrupt_fd)
{
    struct pollfd fds[2] = {{.fd = b->ready_fd, .events = POLLIN},
                            {.fd = interrupt_fd, .events = POLLIN}};
    uint64_t give_up = clock_ns() + OPEN_LIMIT_NS;

    while (poll(fds, 2, clock_timeout_ms(clock_ns(), give_up)) < 0)
        if (errno != EINTR)
            die_errno("cannot wait for the background connections");
}

void background_start(struct background *b, const struct options *o, struct workload *load,
                      struct sources *sources, int interrupt_fd)
{
    *b = (struct background){.options = o, .load = load, .sources = sources};
    b->counts[BACKGROUND_IDLE].asked = o->idle;
    b->counts[BACKGROUND_READER].asked = o->slow_readers;
    b->counts[BACKGROUND_SENDER].asked = o->slow_senders;
    b->total = o->idle + o->slow_readers + o->slow_senders;
    if (b->total == 0)
        return;
    b->stop_fd = eventfd(0, EFD_CLOEXEC);
    b->ready_fd = eventfd(0, EFD_CLOEXEC);
    if (b->stop_fd < 0 || b->ready_fd < 0)
        die_errno("cannot open an event descriptor");
    errno = pthread_create(&b->thread, NULL, thread_main, b);
    if (errno)
        die_errno("cannot start the thread of the background connections");
    wait_ready(b, interrupt_fd);
    for (unsigned kind = 0; kind < BACKGROUND_KINDS; kind++)
        b->counts[kind].open_at_start = atomic_load(&b->counts[kind].open);
}

void background_note(struct background *b)
{
    for (unsigned kind = 0; kind < BACKGROUND_KINDS; kind++) {
        b->counts[kind].open_at_end = atomic_load(&b->counts[kind].open);
        b->counts[kind].lost_at_end = atomic_load(&b->counts[kind].lost);
    }
}

void background_stop(struct background *b)
{
    uint64_t one = 1;

    if (b->total == 0)
        return;
    if (write(b->stop_fd, &one, sizeof one) < 0)
        die_errno("cannot stop the background connections");
    pthread_join(b->thread, NULL);
    close(b->stop_fd);
    close(b->ready_fd);
}
