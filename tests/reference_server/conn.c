#include "conn.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "journal.h"
#include "listener.h"
#include "settings.h"
#include "timetable.h"

#define HEAD_MAX  2048
#define READ_SIZE 65536

struct conn {
    uint64_t serial;   /* 0: not open */
    uint64_t last_due; /* answers leave in the order of their requests */
    char *out;
    size_t out_size, out_sent, out_room;
    struct entry *held; /* the requests whose answers are in `out` */
    uint32_t held_count, held_room;
    uint32_t head_size;
    bool waits_for_room, heard;
    char head[HEAD_MAX]; /* of a request that is not complete */
};

static struct conn **table; /* by descriptor */
static int table_size;
static uint64_t serials;
static int epoll;

void conn_open(int fd, int epoll_fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    epoll = epoll_fd;
    if (fd >= table_size) {
        table = xrealloc(table, (size_t)(2 * fd + 2) * sizeof(struct conn *));
        memset(table + table_size, 0,
               (size_t)(2 * fd + 2 - table_size) * sizeof(struct conn *));
        table_size = 2 * fd + 2;
    }
    if (!table[fd])
        table[fd] = xcalloc(1, sizeof(struct conn));
    table[fd]->serial = ++serials;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die_errno("cannot watch a connection");
    journal.accepted++;
}

static void conn_close(int fd)
{
    struct conn *c = table[fd];

    close(fd);
    free(c->out);
    free(c->held);
    *c = (struct conn){0};
    journal.closed++;
}

static void take_request(struct conn *c, int fd, uint64_t now)
{
    journal_arrival();
    uint64_t number = journal.requests;
    struct entry e = {.read_at = now,
                      .number = number,
                      .serial = c->serial,
                      .fd = fd,
                      .deed = DEED_ANSWER,
                      .fault = timetable_fault(number)};
    e.due = timetable_due(number, now);
    if (e.due < c->last_due)
        e.due = c->last_due;
    c->last_due = e.due;
    agenda_add(e);
}

/* Requests are GETs without a body: each ends with its empty line. False: it is none. */
static bool take_bytes(struct conn *c, int fd, const char *data, size_t size, uint64_t now)
{
    while (size > 0) {
        if (c->head_size == HEAD_MAX)
            return false;
        c->head[c->head_size++] = *data++;
        size--;
        if (c->head_size <= 4 && memcmp(c->head, "GET ", c->head_size) != 0)
            return false;
        if (c->head_size > 4 && memcmp(c->head + c->head_size - 4, "\r\n\r\n", 4) == 0) {
            c->head_size = 0;
            take_request(c, fd, now);
        }
    }
    return true;
}

static void receive(int fd, uint64_t now)
{
    static char buffer[READ_SIZE];
    struct conn *c = table[fd];
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0 && !c->heard) {
        c->heard = true;
        journal.heard++;
    }
    if (n <= 0) {
        conn_close(fd);
    } else if (!take_bytes(c, fd, buffer, (size_t)n, now)) {
        journal.bad_requests++;
        conn_close(fd);
    }
}

static void wait_for_room(int fd, bool wait)
{
    struct epoll_event event = {.events = wait ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.fd = fd};

    table[fd]->waits_for_room = wait;
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0)
        die_errno("cannot watch a connection");
}

static void log_sent(const struct entry *e, uint64_t now)
{
    if (e->fault != FAULT_NONE)
        journal.faults[e->fault]++;
    if (e->fault != FAULT_NONE && e->fault != FAULT_INFORMATIONAL)
        return;
    journal.answered++;
    histogram_record(&journal.delay, now - e->read_at);
    histogram_record(&journal.lateness, now - e->due);
}

static void aftermath(int fd, const struct entry *e)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    switch (faults_aftermath(e->fault)) {
    case THEN_GO_ON:
        return;
    case THEN_RESET: /* socket(7): with a linger time of 0 close() sends a reset */
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        break;
    case THEN_REFUSE:
        listener_pause();
        break;
    case THEN_CLOSE:
        break;
    }
    conn_close(fd);
}

/* All that was held has been sent. */
static void sent(int fd)
{
    struct conn *c = table[fd];
    uint64_t now = clock_ns();
    struct entry last = c->held[c->held_count - 1];

    for (uint32_t i = 0; i < c->held_count; i++)
        log_sent(&c->held[i], now);
    c->held_count = 0;
    c->out_size = c->out_sent = 0;
    if (c->waits_for_room)
        wait_for_room(fd, false);
    aftermath(fd, &last);
}

/* Send at most `most` bytes of what is held. */
static void flush(int fd, size_t most)
{
    struct conn *c = table[fd];
    size_t left = c->out_size - c->out_sent;

    if (left > 0) {
        size_t size = left < most ? left : most;
        ssize_t n = send(fd, c->out + c->out_sent, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            journal.lost++;
            conn_close(fd);
            return;
        }
        if (n > 0)
            c->out_sent += (size_t)n;
        if (n < (ssize_t)size) {
            wait_for_room(fd, true);
            return;
        }
    }
    if (c->out_sent == c->out_size)
        sent(fd);
}

static void piece_later(const struct entry *e)
{
    struct entry piece = *e;
    piece.deed = DEED_PIECE;
    piece.due = clock_ns() + settings.pause_ns;
    agenda_add(piece);
}

static void hold(struct conn *c, const struct entry *e)
{
    size_t size;
    const char *bytes = faults_bytes(e->fault, &size);

    if (c->out_size + size > c->out_room) {
        c->out_room = 2 * (c->out_size + size);
        c->out = xrealloc(c->out, c->out_room);
    }
    if (size > 0)
        memcpy(c->out + c->out_size, bytes, size);
    c->out_size += size;
    if (c->held_count == c->held_room) {
        c->held_room = 2 * c->held_room + 1;
        c->held = xrealloc(c->held, c->held_room * sizeof *c->held);
    }
    c->held[c->held_count++] = *e;
}

static bool gone(const struct entry *e)
{
    return !table[e->fd] || table[e->fd]->serial != e->serial;
}

void conn_answer(const struct entry *e)
{
    if (gone(e))
        return;
    struct conn *c = table[e->fd];
    bool ends = faults_aftermath(e->fault) != THEN_GO_ON;

    hold(c, e);
    if (settings.split == SPLIT_NONE) {
        if (c->held_count >= settings.coalesce || ends)
            flush(e->fd, SIZE_MAX);
        return;
    }
    size_t size = c->out_size - c->out_sent;
    if (c->held_count > 1 || size < 2) {
        /* Pieces of an earlier answer are still on their way: this one goes with them. */
        if (c->held_count == 1)
            flush(e->fd, SIZE_MAX);
        return;
    }
    piece_later(e);
    flush(e->fd, settings.split == SPLIT_BYTES ? 1 : (size_t)(e->number % (size - 1)) + 1);
}

void conn_piece(const struct entry *e)
{
    if (gone(e) || table[e->fd]->waits_for_room)
        return;
    struct conn *c = table[e->fd];
    if (settings.split == SPLIT_BYTES && c->out_size - c->out_sent > 1)
        piece_later(e);
    if (c->out_size > c->out_sent)
        flush(e->fd, settings.split == SPLIT_BYTES ? 1 : SIZE_MAX);
}

void conn_events(int fd, uint32_t events, uint64_t now)
{
    struct conn *c = table[fd];
    uint64_t serial = c->serial;

    if (serial == 0)
        return;
    if (c->waits_for_room && (events & EPOLLOUT))
        flush(fd, SIZE_MAX);
    if (c->serial == serial && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        receive(fd, now);
}
