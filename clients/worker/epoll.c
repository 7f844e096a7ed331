#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/worker/worker.h"
#include "common/clock.h"
#include "common/err.h"

#define BATCH 256

/* Three sockets, of which one is waited for at a time. */
struct slot {
    struct work *work;
    struct beanstalk broker;
    struct task task;
    struct conn conn;
    int gate; /* -1: not at the gate */
    enum { AT_BROKER, AT_GATE, AT_SERVER } at;
};

static void set(int epoll, int operation, int fd, uint32_t events, struct slot *s)
{
    struct epoll_event e = {.events = events, .data.ptr = s};
    if (epoll_ctl(epoll, operation, fd, &e) != 0)
        die_errno("cannot wait for a socket");
}

static void done(struct slot *s, enum outcome outcome)
{
    task_report(s->work, &s->task, outcome);
    beanstalk_delete(&s->broker, s->task.id);
    s->at = AT_BROKER;
}

/* Go on with the request. Its socket stays in the set when the request has ended: edge-triggered,
 * so that a server which closes it then is told of once. */
static void step(int epoll, struct slot *s)
{
    struct conn *c = &s->conn;
    enum conn_want want = conn_go_on(c);
    uint32_t events = (want == CONN_READ ? EPOLLIN : EPOLLOUT) | EPOLLET;
    if (want == CONN_OVER) {
        done(s, c->outcome);
        return;
    }
    if (events != c->watched)
        set(epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, events, s);
    c->watched = events;
}

static void begin(int epoll, struct slot *s, const struct beanstalk_job *job)
{
    task_read(&s->task, job);
    switch (s->task.kind) {
    case TASK_GATE:
        s->at = AT_GATE;
        s->gate = task_gate(s->work);
        set(epoll, EPOLL_CTL_ADD, s->gate, EPOLLIN, s);
        break;
    case TASK_FETCH:
        s->at = AT_SERVER;
        task_begin(s->work, &s->task, &s->conn);
        step(epoll, s);
        break;
    default:
        done(s, OUTCOME_OK);
    }
}

static void hear_broker(int epoll, struct slot *s)
{
    struct beanstalk_job job;
    beanstalk_receive(&s->broker);
    switch (beanstalk_next(&s->broker, &job)) {
    case BEANSTALK_RESERVED:
        begin(epoll, s, &job);
        break;
    case BEANSTALK_DELETED:
        beanstalk_reserve(&s->broker);
        break;
    case BEANSTALK_NONE:
        break;
    }
}

static void pass_gate(struct slot *s)
{
    char byte;
    if (recv(s->gate, &byte, 1, 0) != 1)
        die("the harness has closed the gate");
    close(s->gate); /* and leaves the set */
    s->gate = -1;
    done(s, OUTCOME_OK);
}

static void serve(int epoll, struct slot *s)
{
    if (s->at == AT_GATE)
        pass_gate(s);
    else if (s->at == AT_SERVER)
        step(epoll, s);
    else
        hear_broker(epoll, s);
}

/* All requests have the same time, so looking once in that time finds each one before twice the
 * time is over. */
static void look_for_late(int epoll, struct slot *slots, unsigned count, uint64_t now)
{
    for (unsigned i = 0; i < count; i++) {
        if (slots[i].at != AT_SERVER || slots[i].conn.deadline > now)
            continue;
        conn_timed_out(&slots[i].conn);
        step(epoll, &slots[i]);
    }
}

static struct slot *make_slots(struct work *w, int epoll)
{
    struct slot *slots = xcalloc(w->job.concurrency, sizeof *slots);
    for (unsigned i = 0; i < w->job.concurrency; i++) {
        struct slot *s = &slots[i];
        *s = (struct slot){.work = w, .gate = -1};
        conn_init(&s->conn, &w->job, i);
        beanstalk_open(&s->broker, work_path(w, "beanstalkd"), SOCK_NONBLOCK);
        set(epoll, EPOLL_CTL_ADD, s->broker.fd, EPOLLIN, s);
        beanstalk_reserve(&s->broker);
    }
    return slots;
}

void work_over_epoll(struct work *w)
{
    struct epoll_event ready[BATCH];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die_errno("cannot create an epoll instance");
    struct slot *slots = make_slots(w, epoll);
    uint64_t look_at = clock_after(clock_ns(), w->job.timeout);
    for (;;) {
        int n = epoll_wait(epoll, ready, BATCH, clock_timeout_ms(clock_ns(), look_at));
        if (n < 0 && errno != EINTR)
            die_errno("cannot wait for sockets");
        for (int i = 0; i < n; i++)
            serve(epoll, ready[i].data.ptr);
        uint64_t now = clock_ns();
        if (now < look_at)
            continue;
        look_for_late(epoll, slots, w->job.concurrency, now);
        look_at = clock_after(now, w->job.timeout);
    }
}
