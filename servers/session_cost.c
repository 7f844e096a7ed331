/* session-cost: what a server's own work for one request costs, without socket and without model.
 * The driver starts it for the unit costs session_http and session_echo (docs/machine.md).
 *
 * One request: its bytes are copied into the session's buffer, as recv would put them there; the
 * session reads them and makes its answer; the answer counts as sent. The calls are those that a
 * driver of a session makes (servers/app/session.h), but for the clock, which is read once for a
 * batch. The sessions stay open: what a connection costs at its two ends is not in the figure.
 *
 * Descriptor 3 is a socket. A line "http 100" or "echo 100" asks for a batch of 100 requests. The
 * answer is a line with the nanoseconds of one. The end of input ends the program. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "servers/app/app.h"
#include "servers/app/count.h"

enum { ASKING_FD = 3, ECHO_BYTES = 64 };

/* What iomodels-load sends for the driver's trials. */
static const char http_request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
static const char echo_request[ECHO_BYTES] = "echo";

static const struct app_options options = {.idle_timeout = CLOCK_NEVER};
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

static double serve(struct session *s, unsigned n)
{
    bool http = s->app == &app_http;
    const char *request = http ? http_request : echo_request;
    size_t size = http ? sizeof http_request - 1 : sizeof echo_request;
    uint64_t begin = clock_ns();
    for (unsigned i = 0; i < n; i++)
        serve_one(s, request, size, begin);
    return (double)(clock_ns() - begin) / n;
}

static struct session *open_session(const struct app *app)
{
    struct session *s = session_open(app, &options, &counters, clock_ns());
    if (!s)
        die("out of memory");
    return s;
}

static void answer_questions(FILE *questions, struct session *http, struct session *echo)
{
    char name[8];
    unsigned n;
    while (fscanf(questions, "%7s %u", name, &n) == 2) {
        bool is_http = strcmp(name, "http") == 0;
        if (n == 0 || (!is_http && strcmp(name, "echo") != 0))
            die("asked for '%s %u'", name, n);
        if (dprintf(ASKING_FD, "%.3f\n", serve(is_http ? http : echo, n)) < 0)
            break;
    }
}

int main(int argc, char **argv)
{
    err_set_program(argv[0]);
    FILE *questions = argc == 1 ? fdopen(ASKING_FD, "r") : NULL;
    if (!questions)
        die("started by the driver alone: descriptor 3 is where it asks");
    struct session *http = open_session(&app_http);
    struct session *echo = open_session(&app_echo);
    answer_questions(questions, http, echo);
    session_close(http);
    session_close(echo);
    fclose(questions);
    return 0;
}
