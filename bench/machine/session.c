/* session_http, session_echo, session_http_cold, session_echo_cold: what the code of servers/app
 * does for one request, in memory. The driver includes nothing of the servers, so the program
 * session-cost measures it, with the very objects that are in every server;
 * servers/session_cost.c tells what is in the figures. The program is asked for a batch at a time
 * over a socket: "http 100" is answered by the nanoseconds of one. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/process.h"
#include "bench/machine/probe.h"

static struct {
    struct process process;
    int fd;
} program;

static void *open_session(const struct probe_site *site, char *why, size_t why_size)
{
    int ends[2];
    if (!site->session_program || access(site->session_program, X_OK) != 0) {
        snprintf(why, why_size, "the program session-cost is not there");
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return probe_refused(why, why_size, "cannot make a pair of sockets");
    const char *argv[] = {site->session_program, NULL};
    process_start(&program.process,
                  &(struct process_spec){.argv = argv, .input = -1, .extra = ends[1]});
    close(ends[1]);
    program.fd = ends[0];
    return &program;
}

static void close_session(void *state)
{
    (void)state;
    close(program.fd);
    process_destroy(&program.process);
}

static double ask(const char *protocol, unsigned n)
{
    char line[64];
    char *end;
    int length = snprintf(line, sizeof line, "%s %u\n", protocol, n);
    if (send(program.fd, line, (size_t)length, MSG_NOSIGNAL) != length)
        return NAN;
    ssize_t got;
    while ((got = recv(program.fd, line, sizeof line - 1, 0)) < 0 && errno == EINTR)
        ;
    line[got > 0 ? got : 0] = '\0';
    double ns = strtod(line, &end);
    if (got > 0 && *end == '\n')
        return ns;
    errno = EPIPE;
    return NAN;
}

static double batch_http(void *state, unsigned n)
{
    (void)state;
    return ask("http", n);
}

static double batch_echo(void *state, unsigned n)
{
    (void)state;
    return ask("echo", n);
}

static double batch_http_cold(void *state, unsigned n)
{
    (void)state;
    return ask("http-cold", n);
}

static double batch_echo_cold(void *state, unsigned n)
{
    (void)state;
    return ask("echo-cold", n);
}

const struct probe_kind probes_session = {
    .open = open_session,
    .close = close_session,
    .probes = {{UNIT_SESSION_HTTP, batch_http},
               {UNIT_SESSION_ECHO, batch_echo},
               {UNIT_SESSION_HTTP_COLD, batch_http_cold},
               {UNIT_SESSION_ECHO_COLD, batch_echo_cold}},
    .count = 4,
};
