#include "bench/machine/apart.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* A batch takes milliseconds. A child that has not answered then never will. */
enum { ANSWER_LIMIT_S = 60 };

struct question {
    size_t probe;
    unsigned n;
};

struct answer {
    double ns;
    int error;
};

struct greeting {
    char why[160]; /* "": ready */
};

static bool put(int fd, const void *data, size_t size)
{
    return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Messages keep their bounds: SOCK_SEQPACKET. False with errno: ETIMEDOUT past the socket's
 * limit. */
static bool get(int fd, void *data, size_t size)
{
    ssize_t n;
    while ((n = recv(fd, data, size, 0)) < 0 && errno == EINTR)
        ;
    if (n >= 0)
        errno = EPIPE;
    else if (errno == EAGAIN)
        errno = ETIMEDOUT;
    return n == (ssize_t)size;
}

/* The parent's get(): what comes too late must not be taken for the answer to the next question. */
static bool get_from(const struct apart *a, void *data, size_t size)
{
    bool good = get(a->fd, data, size);
    if (!good && errno == ETIMEDOUT) {
        kill(a->pid, SIGKILL);
        errno = ETIMEDOUT;
    }
    return good;
}

_Noreturn static void serve(int fd, const struct probe_kind *kind,
                            const struct probe_site *site)
{
    struct greeting greeting = {0};
    struct question q;
    void *state = kind->open(site, greeting.why, sizeof greeting.why);
    put(fd, &greeting, sizeof greeting);
    while (state && get(fd, &q, sizeof q)) {
        struct answer a = {.ns = kind->probes[q.probe].batch(state, q.n)};
        a.error = errno;
        put(fd, &a, sizeof a);
    }
    if (state)
        kind->close(state);
    _exit(0);
}

bool apart_open(struct apart *a, const struct probe_kind *kind, const struct probe_site *site,
                char *why, size_t why_size)
{
    int ends[2];
    struct greeting greeting;
    pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return probe_refused(why, why_size, "cannot make a pair of sockets");
    a->fd = ends[0];
    setsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = ANSWER_LIMIT_S},
               sizeof(struct timeval));
    a->pid = fork();
    if (a->pid == 0) {
        close(ends[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            serve(ends[1], kind, site);
        _exit(0);
    }
    close(ends[1]);
    if (a->pid < 0) {
        close(a->fd);
        return probe_refused(why, why_size, "cannot fork");
    }
    if (!get_from(a, &greeting, sizeof greeting))
        snprintf(greeting.why, sizeof greeting.why,
                 errno == ETIMEDOUT ? "the process that measures it does not answer"
                                    : "the process that measures it has died");
    snprintf(why, why_size, "%s", greeting.why);
    if (greeting.why[0])
        apart_close(a);
    return greeting.why[0] == '\0';
}

double apart_batch(const struct apart *a, size_t probe, unsigned n)
{
    struct question q = {probe, n};
    struct answer answer;
    if (!put(a->fd, &q, sizeof q) || !get_from(a, &answer, sizeof answer))
        return NAN;
    errno = answer.error;
    return answer.ns;
}

void apart_close(struct apart *a)
{
    /* Children that were forked later have this descriptor too, so close() alone ends nothing. */
    shutdown(a->fd, SHUT_RDWR);
    close(a->fd);
    waitpid(a->pid, NULL, 0);
}
