/* What all servers share around their model: set-up, signals, the counters' last word. */
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/inherit.h"
#include "servers/app/http_resource.h"
#include "servers/counters.h"
#include "servers/files.h"
#include "servers/model.h"
#include "servers/net.h"
#include "servers/options.h"

/* Slots for counters where each connection has its own: no more threads or processes than Linux
 * can number (PID_MAX_LIMIT on small machines is 32768). */
#define CONNECTION_SLOTS 32768

/* The most free memory at the end of the heap, in bytes: a thousand connections of a library with
 * 64 KiB each. */
#define KEPT_MEMORY (64 << 20)

/* Larger pieces have a mapping of their own, which free() gives back: the most that glibc allows
 * (mallopt(3)). */
#define LARGEST_IN_HEAP (4 * 1024 * 1024 * (int)sizeof(long))

static struct server server;
static struct options options;
static struct listeners listeners;

/* The handlers use async-signal-safe functions only (signal-safety(7)), or bare system calls as
 * setitimer(2) and statx(2) are on Linux, and leave errno alone. */

/* timer_create(2) would do as well, but takes a queued signal, which `ulimit -i 0` refuses. */
static void start_drain_timer(uint64_t ns)
{
    uint64_t us = ns < NS_PER_US ? 1 : ns / NS_PER_US;
    struct itimerval t = {
        .it_value = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)}};
    setitimer(ITIMER_REAL, &t, NULL);
}

static void on_stop(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    uint64_t one = 1;
    /* A second signal takes the default action, for impatient users. */
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    /* In this order: when a client is refused, all workers know of the stop, also those in
     * processes of their own. None takes another connection while the others are being woken. */
    atomic_store(server.stop_flag, 1);
    ssize_t ignored = write(server.stop_fd, &one, sizeof one);
    (void)ignored;
    count(&server.counters->unaccepted, net_stop_listening(&listeners));
    if (model.stop)
        model.stop();
    start_drain_timer(options.drain);
    errno = saved;
}

static void on_drained(int signal_number)
{
    (void)signal_number;
    if (!server_stopping(&server))
        return; /* somebody else's alarm */
    if (model.abort)
        model.abort();
    _exit(counters_print(1) ? 0 : EXIT_FAILURE);
}

static void on_report(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    counters_print(0);
    errno = saved;
}

static void handle(int signal_number, void (*handler)(int))
{
    /* Without SA_RESTART: every call that blocks here is in a loop that takes EINTR well. */
    struct sigaction action = {.sa_handler = handler};
    /* Coroutines have no room for it. Without a stack of its own it runs on the usual one. */
    action.sa_flags = SA_ONSTACK;
    sigfillset(&action.sa_mask);
    if (sigaction(signal_number, &action, NULL) != 0)
        die_errno("cannot handle signal %d", signal_number);
}

static void set_up_signals(void)
{
    if ((server.stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
        die_errno("cannot create an eventfd");
    handle(SIGALRM, on_drained);
    handle(SIGUSR1, on_report);
    handle(SIGTERM, on_stop);
    handle(SIGINT, on_stop);
    handle(SIGPIPE, SIG_IGN);
}

/* As many descriptors as the system lets us have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* From here on no handler prints a line of its own between the last one and the exit. */
static void print_last(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (!counters_print(1))
        die_errno("cannot write the counters to standard output");
}

/* One line to standard output and one to --ready-fd. */
static void announce_address(const struct addr *a)
{
    char text[ADDR_TEXT_MAX + 1];
    addr_format(a, text);
    printf("listening on %s\n", text);
    strcat(text, "\n");
    if (options.ready_fd >= 0 && write(options.ready_fd, text, strlen(text)) < 0)
        die_errno("--ready-fd: cannot write to descriptor %d", options.ready_fd);
}

static void announce(void)
{
    for (unsigned i = 0; i < listeners.count; i++) {
        struct addr *a = &listeners.addresses[i];
        announce_address(a);
        if (net_takes_ipv4_too(a)) {
            struct sockaddr_in any = {.sin_family = AF_INET};
            struct addr ipv4 = {.len = sizeof any};
            memcpy(&ipv4.storage, &any, sizeof any);
            addr_set_port(&ipv4, addr_port(a));
            announce_address(&ipv4);
        }
    }
    if (fflush(stdout) != 0 && errno != EPIPE)
        die_errno("cannot write to standard output");
    if (options.ready_fd > STDERR_FILENO)
        close(options.ready_fd);
}

static void start_listening(void)
{
    memcpy(listeners.addresses, options.listen, sizeof listeners.addresses);
    listeners.count = options.listen_count;
    listeners.groups = model.listens_each ? options.workers : 1;
    net_listen(&listeners, options.backlog, model.nonblocking_accept);
    net_use(&server, &listeners, 0);
    server.listeners = &listeners;
}

/* glibc gives the end of its heap back to the system as soon as 128 KiB of it are free. A batch of
 * answers is that large, and the next batch would fetch page after page again: some page faults a
 * request. buffer.c keeps the blocks for data; this is for what else comes and goes with requests,
 * the buffers of the event libraries above all. Setting one of the two thresholds ends glibc's own
 * adjusting of both, so a piece of 128 KiB would be mapped anew each time. */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
    mallopt(M_MMAP_THRESHOLD, LARGEST_IN_HEAP);
}

static void refuse_unsupported(void)
{
    char why[256];
    if (!options_unsupported(&options, why, sizeof why))
        return;
    fprintf(stderr, "%s: unsupported: %s\n", err_program(), why);
    exit(EXIT_UNSUPPORTED);
}

static size_t smaller_limit(size_t a, size_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

int main(int argc, char **argv)
{
    err_set_program(argv[0]);
    inherit_clean(INHERIT_LOST);
    keep_memory();
    raise_descriptor_limit(); /* first: a model may try to open as many as the limit allows */
    options_read(argc, argv, &options);
    refuse_unsupported();

    struct files *files = options.root ? files_read(options.root) : NULL;
    counters_create(&model, options.app->name, model.workers ? options.workers : 0,
                    model.counters_per_connection ? CONNECTION_SLOTS : 0);
    /* Both are done on first use, and would be done by every child of a forking server anew. */
    resource_pattern();
    tzset();

    server.app = options.app;
    server.app_options = (struct app_options){.files = files,
                                              .max_body = options.max_body,
                                              .idle_timeout = options.idle_timeout,
                                              .allow_crash = options.allow_crash,
                                              .service = counters_service()};
    server.counters = counters_main();
    server.max_connections = smaller_limit(model_most_connections(), options.max_connections);
    server.workers = options.workers;
    server.stop_flag = counters_shared_word();
    server.backlog = options.backlog;
    start_listening();
    set_up_signals();
    announce();

    model.serve(&server);

    print_last();
    net_free(&listeners);
    files_free(files);
    return 0;
}
