/* session-cost: what a server's own work for one request costs, without socket and without model.
 * The driver starts it for the unit costs session_http and session_echo (docs/machine.md).
 *
 * One request: its bytes are copied into the session's buffer, as recv would put them there; the
 * session reads them and makes its answer; the answer counts as sent. The calls are those that a
 * driver of a session makes (servers/app/session.h), but for the clock, which is read once for a
 * batch. The sessions stay open: what a connection costs at its two ends is not in the figure.
 *
 * "cold" is the same as a server with 64 connections does it: 64 sessions in turn, and before
 * each the kernel sends and receives a message over loopback, which takes its part of the nearest
 * caches. The time of the kernel is not in the figure, nor that of the clock, which is read
 * around each request.
 *
 * Descriptor 3 is a socket. A line "http 100" or "echo 100" asks for a batch of 100 requests, and
 * so do "http-cold 100" and "echo-cold 100". The answer is a line with the nanoseconds of one.
 * The end of input ends the program. */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/app.h"
#include "servers/app/count.h"

enum { ASKING_FD = 3, ECHO_BYTES = 64, COLD_SESSIONS = 64 };

/* What iomodels-load sends for the driver's trials. */
static const char http_request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
static const char echo_request[ECHO_BYTES] = "echo";

static struct service service;
static const struct app_options options = {.idle_timeout = CLOCK_NEVER, .service = &service};
static struct counters counters;

static void must_want(enum session_want wanted, struct session *s, uint64_t now)
{
    if (session_next(s, now) != wanted)
        die("the session does not want what it should");
}

static void serve_one(struct session *s, const char *request, size_t size, uint64_t now)
{
    size_t n;
    must_want(SESSION_READ, s, now);
    void *space = session_space(s, &n);
    if (!space || n < size)
        die("the session has no space for a request");
    memcpy(space, request, size);
    session_received(s, size, now);
    must_want(SESSION_WRITE, s, now);
    session_output(s, &n);
    session_sent(s, n, now);
}

static void serve_any(struct session *s, uint64_t now)
{
    if (s->app == &app_http)
        serve_one(s, http_request, sizeof http_request - 1, now);
    else
        serve_one(s, echo_request, sizeof echo_request, now);
}

static double serve(struct session *s, unsigned n)
{
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        serve_any(s, begin);
    return (double)(clock_ns() - begin) / n;
}

static struct session *open_session(const struct app *app)
{
    struct session *s = session_open(app, &options, &counters, clock_ns());
    if (!s)
        die("out of memory");
    return s;
}

/* A connection over loopback with both ends here. */
static void connect_pair(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || ends[0] < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(ends[0], (struct sockaddr *)&address, size) != 0 ||
        (ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
        die_errno("cannot make a connection over loopback");
    close(listener);
}

static void stir(const int ends[2], unsigned i)
{
    char message[ECHO_BYTES] = "";
    if (send(ends[i % 2], message, sizeof message, MSG_NOSIGNAL) != sizeof message ||
        recv(ends[1 - i % 2], message, sizeof message, MSG_WAITALL) != sizeof message)
        die_errno("cannot send over loopback");
}

static double serve_cold(const struct app *app, unsigned n)
{
    static struct session *sessions[2][COLD_SESSIONS];
    static int ends[2] = {-1, -1};
    struct session **of_app = sessions[app == &app_http];
    uint64_t served = 0, clock = 0;
    if (ends[0] < 0)
        connect_pair(ends);
    for (unsigned i = 0; i < n; i++) {
        struct session **s = &of_app[i % COLD_SESSIONS];
        if (!*s)
            *s = open_session(app);
        stir(ends, i);
        uint64_t begin = clock_ns();
        serve_any(*s, begin);
        uint64_t end = clock_ns();
        served += end - begin;
        clock += clock_ns() - end;
    }
    return served > clock ? (double)(served - clock) / n : 0;
}

/* False where something else was asked. */
static bool answer_questions(FILE *questions, struct session *http, struct session *echo)
{
    char name[16];
    unsigned n;
    while (fscanf(questions, "%15s %u", name, &n) == 2) {
        double ns;
        if (n > 0 && strcmp(name, "http") == 0)
            ns = serve(http, n);
        else if (n > 0 && strcmp(name, "echo") == 0)
            ns = serve(echo, n);
        else if (n > 0 && strcmp(name, "http-cold") == 0)
            ns = serve_cold(&app_http, n);
        else if (n > 0 && strcmp(name, "echo-cold") == 0)
            ns = serve_cold(&app_echo, n);
        else {
            warn("asked for '%s %u'", name, n);
            return false;
        }
        if (dprintf(ASKING_FD, "%.3f\n", ns) < 0)
            break;
    }
    return true;
}

int main(int argc, char **argv)
{
    err_set_program(argv[0]);
    FILE *questions = argc == 1 ? fdopen(ASKING_FD, "r") : NULL;
    if (!questions)
        die("started by the driver alone: descriptor 3 is where it asks");
    struct session *http = open_session(&app_http);
    struct session *echo = open_session(&app_echo);
    bool good = answer_questions(questions, http, echo);
    session_close(http);
    session_close(echo);
    fclose(questions);
    return !good;
}
