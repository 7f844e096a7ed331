#include "loadgen/load/run.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"

/* Descriptors besides the connections and those that were there before: signals, files; and of each
 * thread its wake-up, its engine and a timer. */
#define OTHER_FDS  32
#define THREAD_FDS 3

/* The threads are let through a gate so long before the start, and wait for it themselves. */
#define GATE_LEAD_NS (20 * NS_PER_MS)

/* From so many on, connections may need more than one source address: a half of the ports that
 * there are by default. */
#define MANY_CONNECTIONS 14000

struct thread {
    struct run *run;
    struct worker *worker;
    pthread_t id;
};

/* The descriptors that are open, those of the parent process among them. */
static rlim_t count_fds(void)
{
    rlim_t count = 0;
    DIR *dir = opendir("/proc/self/fd");

    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static void raise_fd_limit(const struct options *o)
{
    rlim_t measured = o->null ? 0 : o->connections;
    rlim_t all = measured + o->idle + o->slow_readers + o->slow_senders;
    rlim_t need = all + THREAD_FDS * (rlim_t)o->threads + OTHER_FDS + count_fds();
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("cannot read the limit of open files");
    if (limit.rlim_cur >= need)
        return;
    if (limit.rlim_max < need)
        die("%llu connections need %llu open files, the hard limit is %llu (ulimit -Hn)",
            (unsigned long long)all, (unsigned long long)need,
            (unsigned long long)limit.rlim_max);
    limit.rlim_cur = need;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        die_errno("cannot raise the limit of open files to %llu", (unsigned long long)need);
}

static void tell(int event_fd)
{
    uint64_t one = 1;
    if (write(event_fd, &one, sizeof one) < 0)
        die_errno("cannot write to an event descriptor");
}

/* By one thread, when all have tried their connections and the load has not begun. */
static void connections_tried(struct run *r)
{
    char line[32];

    for (uint32_t i = 0; i < r->options->threads; i++) {
        struct worker *w = &r->workers[i];
        r->connected += w->connected;
        r->settled += w->conns.settled;
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            if (w->record.reasons[k])
                r->why_not = w->record.reasons[k];
    }
    snprintf(line, sizeof line, "connected %u\n", r->connected);
    moments_tell(&r->moments, line);
    if (r->gate) {
        tell(r->tried_fd);
        while (sem_wait(&r->begin) < 0)
            ;
        return;
    }
    r->start_ns = run_soonest_ns(r);
}

/* A gate names a moment that is to come. */
static void await_start(struct run *r)
{
    uint64_t lead = r->options->rate_milli ? RUN_START_DELAY_NS : 0;
    struct timespec at = ns_timespec(r->start_ns > lead ? r->start_ns - lead : 0);

    if (r->gate && !run_stopped(r))
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
            ;
}

static bool has_load(const struct run *r)
{
    return r->connected > 0 && !r->no_load;
}

static void *thread_main(void *arg)
{
    struct thread *t = arg;
    struct worker *w = t->worker;
    struct run *r = t->run;

    worker_create(w);
    worker_connect(w);
    worker_settle(w);
    if (pthread_barrier_wait(&r->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
        connections_tried(r);
    pthread_barrier_wait(&r->barrier);

    if (has_load(r) && w->order) {
        worker_load_windows(w);
    } else if (has_load(r)) {
        await_start(r);
        worker_load(w, r->start_ns);
    }
    tell(r->done_fd);
    if (has_load(r) && r->options->hold)
        worker_hold(w);
    worker_close(w);
    return NULL;
}

static void wake_all(struct run *r)
{
    for (uint32_t i = 0; i < r->options->threads; i++)
        tell(r->workers[i].conns.io.wake_fd);
}

/* True at the end of standard input. */
static bool input_ended(void)
{
    char text[256];
    ssize_t n = read(STDIN_FILENO, text, sizeof text);
    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

/* poll(2), and note where it took longer than it should; `beats`: no longer than a beat. */
static void wait_for(struct run *r, struct pollfd *fds, nfds_t count, bool beats)
{
    int limit = observer_timeout_ms(&r->observer);

    if (beats && (limit < 0 || limit > DISTURBANCE_BEAT_MS))
        limit = DISTURBANCE_BEAT_MS;
    if (poll(fds, count, limit) < 0 && errno != EINTR)
        die_errno("cannot wait for the threads");
    /* After one window there may be another. */
    disturbance_slept(&r->disturbance, limit, clock_ns(), atomic_load(&r->moments.opened) > 0,
                      !r->options->windows &&
                          atomic_load(&r->moments.closed) == r->options->threads);
}

static void take_signal(struct run *r, int signal_fd)
{
    struct signalfd_siginfo info;
    bool whole = r->options->windows ? r->windows.resting
                                     : atomic_load(&r->moments.closed) == r->options->threads;

    if (read(signal_fd, &info, sizeof info) < 0)
        die_errno("cannot read a signal");
    /* In the hold, and between two windows, a signal ends just that: the window was whole. */
    if (!whole)
        atomic_store(&r->moments.stopped, true);
    atomic_store(&r->moments.signalled, true);
    if (r->options->windows)
        atomic_store(&r->windows.order.over, true);
    wake_all(r);
}

/* Standard input or a thread has something to say about the windows. */
static void mind_windows(struct run *r, const struct pollfd *input, const struct pollfd *rested)
{
    bool ordered = false;

    if (rested->revents)
        ordered |= windows_rested(&r->windows);
    if (input->revents && windows_listen(&r->windows))
        ordered |= windows_read(&r->windows);
    if (ordered)
        wake_all(r);
}

/* Every connection was tried: ask the gate for the moment, and let the threads go shortly before.
 * A signal ends the wait; true where one came. */
static bool mind_gate(struct run *r, int signal_fd)
{
    struct pollfd fd = {.fd = signal_fd, .events = POLLIN};
    uint64_t count, now;

    if (read(r->tried_fd, &count, sizeof count) < 0)
        die_errno("cannot read an event descriptor");
    r->no_load = r->connected == 0;
    if (!r->gate->wait(r->gate, r, signal_fd))
        r->no_load = true;
    while (!r->no_load && !run_stopped(r) && (now = clock_ns()) + GATE_LEAD_NS < r->start_ns &&
           fd.revents == 0)
        if (poll(&fd, 1, clock_timeout_ms(now, r->start_ns - GATE_LEAD_NS)) < 0 &&
            errno != EINTR)
            die_errno("cannot wait for the start");
    bool signalled = poll(&fd, 1, 0) > 0;
    if (signalled)
        take_signal(r, signal_fd);
    sem_post(&r->begin);
    return signalled;
}

/* The main thread: pass on signals, count the threads that are done, end the hold. */
static void supervise(struct run *r, int signal_fd)
{
    uint64_t done = 0;
    bool hold = r->options->hold;
    bool windows = r->options->windows;

    while (done < r->options->threads || hold) {
        bool loaded = done < r->options->threads;
        bool resting = windows && r->windows.resting;
        bool input = windows ? windows_listen(&r->windows) : !loaded;
        struct pollfd fds[6] = {
            {.fd = signal_fd, .events = POLLIN},
            {.fd = r->done_fd, .events = POLLIN},
            {.fd = input ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = r->observer.fd, .events = POLLIN},
            {.fd = windows ? r->windows.order.rested_fd : -1, .events = POLLIN},
            {.fd = r->tried_fd, .events = POLLIN},
        };
        /* poll(2) takes no more than there may be descriptors, used or not. */
        wait_for(r, fds, r->gate ? 6 : windows ? 5 : 4, loaded && !resting);
        uint64_t from = clock_ns();
        observer_turn(&r->observer, r);
        if (fds[5].revents && mind_gate(r, signal_fd))
            hold = false;
        disturbance_held_up(&r->disturbance, clock_ns() - from);
        if (fds[0].revents && !fds[5].revents) {
            take_signal(r, signal_fd);
            hold = false;
        }
        if (windows)
            mind_windows(r, &fds[2], &fds[4]);
        uint64_t more = 0;
        if (fds[1].revents && read(r->done_fd, &more, sizeof more) == sizeof more)
            done += more;
        if (more > 0 && done == r->options->threads)
            background_note(&r->background);
        if (done == r->options->threads && !has_load(r))
            hold = false;
        if (!windows && fds[2].revents && input_ended())
            hold = false;
    }
    atomic_store(&r->moments.finished, true);
    wake_all(r);
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        die_errno("cannot block signals");
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open a signal descriptor");
    return fd;
}

static void make_workers(struct run *r)
{
    const struct options *o = r->options;
    uint32_t id = 0;

    r->workers = xcalloc(o->threads, sizeof *r->workers);
    r->worker_count = o->threads;
    for (uint32_t i = 0; i < o->threads; i++) {
        struct worker *w = &r->workers[i];
        struct io *io = &w->conns.io;
        io->thread = i;
        io->engine = r->engine;
        io->options = o;
        io->load = &r->load;
        io->sources = &r->sources;
        io->source.at = i;
        io->conn_count = o->connections / o->threads + (i < o->connections % o->threads);
        w->moments = &r->moments;
        w->conns.first_id = id;
        id += io->conn_count;
        w->quota = o->requests ? o->requests / o->threads + (i < o->requests % o->threads)
                               : UINT64_MAX;
        io->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (io->wake_fd < 0)
            die_errno("cannot open an event descriptor");
    }
}

void run_free(struct run *r)
{
    for (uint32_t i = 0; i < r->worker_count; i++) {
        struct worker *w = &r->workers[i];
        close(w->conns.io.wake_fd);
        worker_free(w);
    }
    if (r->options->windows)
        windows_free(&r->windows);
    free(r->workers);
    free(r->observer.kept.bytes);
    workload_free(&r->load);
    sources_free(&r->sources);
    close(r->done_fd);
    close(r->tried_fd);
    sem_destroy(&r->begin);
    pthread_barrier_destroy(&r->barrier);
}

/* Connections that are closed and opened again would run out of ports, and so would very many. */
static bool needs_sources(const struct options *o)
{
    return !o->null && (o->per_connection > 0 || o->connections + o->idle > MANY_CONNECTIONS);
}

static int event_descriptor(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    if (fd < 0)
        die_errno("cannot open an event descriptor");
    return fd;
}

static uint64_t unix_offset_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return timespec_ns(t) - clock_ns();
}

void run_execute(struct run *r, const struct options *o, struct gate *gate)
{
    *r = (struct run){.options = o,
                      .gate = gate,
                      .unix_offset_ns = unix_offset_ns(),
                      .moments = {.threads = o->threads, .events_fd = o->events_fd}};
    sources_init(&r->sources, o->source, &o->url.addr, needs_sources(o));
    workload_init(&r->load, o);
    r->engine = o->null ? &engine_null : engine_choose(o->engine);
    raise_fd_limit(o);
    int signal_fd = block_signals();
    r->done_fd = event_descriptor();
    r->tried_fd = event_descriptor();
    sem_init(&r->begin, 0, 0);
    make_workers(r);
    if (o->windows)
        windows_begin(&r->windows, o, r->workers, &r->moments, &r->disturbance);
    observer_start(&r->observer, r);
    disturbance_begin(&r->disturbance);
    pthread_barrier_init(&r->barrier, NULL, o->threads);

    background_start(&r->background, o, &r->load, &r->sources, signal_fd);
    struct thread *threads = xcalloc(o->threads, sizeof *threads);
    for (uint32_t i = 0; i < o->threads; i++) {
        threads[i] = (struct thread){.run = r, .worker = &r->workers[i]};
        errno = pthread_create(&threads[i].id, NULL, thread_main, &threads[i]);
        if (errno)
            die_errno("cannot start thread %u of %u", i + 1, o->threads);
    }
    supervise(r, signal_fd);
    for (uint32_t i = 0; i < o->threads; i++)
        pthread_join(threads[i].id, NULL);
    free(threads);
    if (o->windows)
        windows_end(&r->windows);
    observer_end(&r->observer, r);
    disturbance_end(&r->disturbance);
    background_stop(&r->background);
    close(signal_fd);
}

bool run_came_up(struct run *r, char *why, size_t size)
{
    char text[ADDR_TEXT_MAX];

    if (r->called_off[0]) {
        snprintf(why, size, "%s", r->called_off);
        return false;
    }
    if (has_load(r) || run_stopped(r))
        return true;
    snprintf(why, size, "cannot connect to %s: %s", addr_format(&r->options->url.addr, text),
             r->why_not ? r->why_not : "no answer");
    return false;
}
