#include "loadgen/load/background.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/load/crowd.h"

/* How long they may take to come up before the load begins without them. */
#define OPEN_LIMIT_NS (4 * NS_PER_S)

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
    struct crowd crowd;

    crowd_init(&crowd, b);
    while (!crowd.stopped)
        crowd_turn(&crowd);
    crowd_free(&crowd);
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
