/* What all servers share around their model: set-up, signals, the counters' last word. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "counters.h"
#include "files.h"
#include "http_resource.h"
#include "model.h"
#include "net.h"
#include "options.h"

/* Slots for counters where each connection has its own: no more threads or processes than Linux
 * can number (PID_MAX_LIMIT on small machines is 32768). */
#define CONNECTION_SLOTS 32768

/* The most free memory at the end of the heap, in bytes: a thousand connections of a library with
 * 64 KiB each. */
#define KEPT_MEMORY (64 << 20)

static struct server server;
static struct options options;
static atomic_int stopping;
static int listen_fds[WORKERS_MAX];
static timer_t drain_timer;

/* The handlers use async-signal-safe functions only (signal-safety(7)) and leave errno alone.
 */

static void on_stop(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    uint64_t one = 1;
    /* A second one takes the default action: whoever is impatient gets their way. */
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    stopping = 1;
    ssize_t ignored = write(server.stop_fd, &one, sizeof one);
    (void)ignored;
    /* In this order: who is refused may be sure that all workers have been told. */
    if (model.stop)
        model.stop();
    for (unsigned i = 0; i < server.listeners; i++)
        count(&server.counters->unaccepted, net_stop_listening(listen_fds[i]));
    struct itimerspec t = {.it_value = ns_timespec(options.drain ? options.drain : 1)};
    timer_settime(drain_timer, 0, &t, NULL);
    errno = saved;
}

static void on_drained(int signal_number)
{
    (void)signal_number;
    if (model.abort)
        model.abort();
    counters_print(1);
    net_unlink(&options.listen);
    _exit(0);
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
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (timer_create(CLOCK_MONOTONIC, &event, &drain_timer) != 0)
        die_errno("cannot create a timer");
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
    counters_print(1);
}

static void announce(void)
{
    char text[ADDR_TEXT_MAX + 1];
    addr_format(&options.listen, text);
    printf("listening on %s\n", text);
    fflush(stdout);
    if (options.ready_fd < 0)
        return;
    strcat(text, "\n");
    if (write(options.ready_fd, text, strlen(text)) < 0)
        die_errno("--ready-fd: cannot write to descriptor %d", options.ready_fd);
    if (options.ready_fd > STDERR_FILENO)
        close(options.ready_fd);
}

/* glibc gives the end of its heap back to the system as soon as 128 KiB of it are free, which a batch
 * of answers is, and has to fetch page after page again for the next one: some page faults a request.
 * Blocks for data are kept by buffer.c; this is for what else comes and goes with requests, the
 * buffers of the event libraries above all. */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
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
    keep_memory();
    raise_descriptor_limit(); /* first: a model may size by it what it tries to open */
    options_read(argc, argv, &options);
    refuse_unsupported();

    struct files *files = options.root ? files_read(options.root) : NULL;
    counters_create(&model, options.app->name, model.workers ? options.workers : 0,
                    model.counters_per_connection ? CONNECTION_SLOTS : 0);
    /* Both are done on first use, and would be done by every child of a forking server anew. */
    resource_pattern();
    tzset();

    server.app = options.app;
    server.app_options = (struct app_options){.files = files, .max_body = options.max_body};
    server.counters = counters_main();
    server.idle_timeout = options.idle_timeout;
    server.max_connections = smaller_limit(model.max_connections, options.max_connections);
    server.workers = options.workers;
    server.stop_flag = &stopping;
    server.backlog = options.backlog;
    server.listeners = model.listens_each ? options.workers : 1;
    net_listen(&options.listen, options.backlog, model.nonblocking_accept, listen_fds,
               server.listeners);
    server.listen_fds = listen_fds;
    server.listen_fd = listen_fds[0];
    set_up_signals();
    announce();

    model.serve(&server);

    print_last();
    net_unlink(&options.listen);
    timer_delete(drain_timer);
    files_free(files);
    return 0;
}
