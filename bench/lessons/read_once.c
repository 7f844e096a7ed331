/* read-once: a server with the bug that the edge invites, for lesson 6.
 *
 * It reads once for each report of epoll, into a small buffer, and a request is longer than the
 * buffer. Told by level it is right: the rest of the request is reported again. Started with
 * --edge it differs by one flag, EPOLLET, and by nothing else. Then nobody reports the rest: the
 * client waits for its answer, and the server for news of the client. The remedy would be to call
 * recv() until it finds nothing, as servers/models/epoll_et.c does.
 *
 * It takes of a server's options what the driver gives, and prints what it counted in the form of
 * the other servers. HTTP is here the empty line at the end of a request, and one answer. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/addr.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/output.h"

static struct {
    const char *listen;
    unsigned protocol; /* of protocols */
    int ready_fd;
    bool edge, describe;
} options = {.listen = "127.0.0.1:0", .ready_fd = -1};

#define VARIABLE(member) .variable = &options.member, .size = sizeof options.member

static const char *const protocols[] = {"http", NULL};

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "listen", "ADDRESS", "where to listen (127.0.0.1:0)", VARIABLE(listen)},
    {OPTION_WORD, 0, "protocol", "NAME", "http; there is no other", VARIABLE(protocol),
     .words = protocols},
    {OPTION_NUMBER, 0, "ready-fd", "N", "write the address there when it listens",
     VARIABLE(ready_fd), .low = 3, .high = 1023},
    {OPTION_FLAG, 0, "edge", NULL, "wait by edge, which the server is not made for",
     VARIABLE(edge)},
    {OPTION_FLAG, 0, "describe", NULL, "print what the server is, as JSON", VARIABLE(describe)},
    {0},
};

/* A client, and how much of the end of a request has come. */
struct client {
    int fd;
    unsigned seen;
};

static const char end_of_request[] = "\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
static unsigned long requests, wakeups, events;

/* By descriptor. A lesson has some dozens of clients. */
enum { CLIENTS_MAX = 1024 };
static struct client clients[CLIENTS_MAX];

static void watch(int set, int fd, uint32_t how, void *what)
{
    struct epoll_event e = {.events = EPOLLIN | how, .data.ptr = what};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) != 0)
        die_errno("cannot watch a descriptor");
}

static void welcome(int set, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (fd >= CLIENTS_MAX) {
        close(fd);
        return;
    }
    struct client *c = &clients[fd];
    *c = (struct client){.fd = fd};
    watch(set, fd, options.edge ? EPOLLET : 0, c);
}

/* Here is the bug, where one is told by edge: what is left after this recv() is not read. */
static void read_once(struct client *c)
{
    char buffer[32];
    ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        close(c->fd);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        c->seen = buffer[i] == end_of_request[c->seen] ? c->seen + 1 : buffer[i] == '\r';
        if (c->seen < sizeof end_of_request - 1)
            continue;
        c->seen = 0;
        requests++;
        send(c->fd, answer, sizeof answer - 1,
             MSG_NOSIGNAL); /* it fits, or the client is gone */
    }
}

static int listen_on(const char *text)
{
    struct addr a;
    char why[200], line[ADDR_TEXT_MAX + 1];
    if (!addr_parse(text, &a, why, sizeof why))
        die_usage("--listen: %s", why);
    int fd = socket(addr_family(&a), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a.storage, a.len) != 0 ||
        listen(fd, SOMAXCONN) != 0 || !addr_local(fd, &a))
        die_errno("cannot listen on %s", text);
    strcat(addr_format(&a, line), "\n");
    if (options.ready_fd >= 0 &&
        write(options.ready_fd, line, strlen(line)) != (ssize_t)strlen(line))
        die_errno("cannot write to the ready descriptor");
    if (options.ready_fd >= 0)
        close(options.ready_fd);
    return fd;
}

static unsigned long microseconds(struct timeval t)
{
    return (unsigned long)t.tv_sec * 1000000 + (unsigned long)t.tv_usec;
}

static void tell_counts(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"model\":\"read-once\",\"requests\":%lu,\"wakeups\":%lu,\"events\":%lu,"
           "\"eagain\":0,\"user_us\":%lu,\"system_us\":%lu,\"voluntary_switches\":%ld,"
           "\"minor_faults\":%ld}\n",
           requests, wakeups, events, microseconds(used.ru_utime), microseconds(used.ru_stime),
           used.ru_nvcsw, used.ru_minflt);
}

static int stop_signal(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    int fd = signalfd(-1, &stop, SFD_CLOEXEC);
    if (fd < 0)
        die_errno("cannot make a descriptor of SIGTERM");
    return fd;
}

static void serve(void)
{
    struct epoll_event ready[64];
    int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        die_errno("cannot create an epoll instance");
    watch(set, stop_signal(), 0, &options);
    int listener = listen_on(options.listen);
    watch(set, listener, 0, NULL);
    for (;;) {
        int n = epoll_wait(set, ready, 64, -1);
        wakeups++;
        for (int i = 0; i < n; i++) {
            events++;
            if (ready[i].data.ptr == &options)
                return;
            if (ready[i].data.ptr)
                read_once(ready[i].data.ptr);
            else
                welcome(set, listener);
        }
    }
}

int main(int argc, char **argv)
{
    const struct command_line line = {
        .usage = "read-once [OPTIONS]\n",
        .about = "A server that reads once for each report of epoll, for 'iomodels lesson 6'.",
        .tables = {rows},
    };
    err_set_program(argv[0]);
    output_check_at_exit();
    if (command_line_read(&line, argc, argv) < argc)
        die_usage("read-once takes no operand");
    if (options.describe) {
        puts("{\"model\":\"read-once\",\"summary\":\"reads once for each report of epoll\","
             "\"max_connections\":0,\"concurrency\":0,\"workers\":null,\"unsupported\":null}");
        return 0;
    }
    serve();
    tell_counts();
    return 0;
}
