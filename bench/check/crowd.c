#include "bench/check/crowd.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/check/freeze.h"
#include "common/clock.h"
#include "common/err.h"

/* No answer more for so long: no more of them come. */
static const uint64_t settled_ns = 300 * NS_PER_MS;
/* A server with nothing to do is found asleep in more than half of so many looks. */
static const uint64_t calm_look_ns = 10 * NS_PER_MS;
enum { CALM_LOOKS = 20, CALM_WINDOWS = 3 };
/* One that is found running and had less of a CPU than that may only have waited for it. */
static const uint64_t polls_ns = 60 * NS_PER_MS;

static const char prefix[] = "crowd.";

static bool is_of_crowd(const struct client *c)
{
    return c->fd >= 0 && strncmp(c->name, prefix, sizeof prefix - 1) == 0;
}

static bool has_answer(const struct client *c)
{
    return c->in_size > 0 || c->ended || c->was_reset;
}

/* Send to and read from those that can: how many have had an answer or an end since. */
static unsigned serve(struct scene *s, const struct bytes *b, struct pollfd *fds)
{
    unsigned fresh = 0;
    for (size_t i = 0; i < s->clients.count; i++) {
        struct client *c = &s->clients.at[i];
        if (fds[i].revents & POLLOUT && c->pushed_size == 0 &&
            send(c->fd, b->data, b->size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
            c->pushed_size = b->size;
        if (!(fds[i].revents & (POLLIN | POLLHUP | POLLERR)))
            continue;
        char byte;
        ssize_t n = recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
        if (n < 0 && errno == EAGAIN)
            continue;
        c->was_reset = n < 0;
        c->ended = n == 0;
        c->in = xrealloc(c->in, 1);
        c->in_size = n > 0;
        fresh++;
    }
    return fresh;
}

/* One wait, of at most `ns`: how many have got something new. */
static unsigned look(struct scene *s, const struct bytes *b, uint64_t ns)
{
    struct pollfd *fds = xcalloc(s->clients.count, sizeof *fds);
    for (size_t i = 0; i < s->clients.count; i++) {
        const struct client *c = &s->clients.at[i];
        short out = c->pushed_size == 0 ? POLLOUT : 0;
        fds[i] = (struct pollfd){.fd = is_of_crowd(c) && !has_answer(c) ? c->fd : -1,
                                 .events = (short)(POLLIN | out)};
    }
    unsigned fresh = 0;
    uint64_t until = clock_after(clock_ns(), ns);
    if (poll(fds, s->clients.count, clock_timeout_ms(clock_ns(), until)) > 0)
        fresh = serve(s, b, fds);
    free(fds);
    return fresh;
}

static unsigned served(const struct scene *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->clients.count; i++)
        n += is_of_crowd(&s->clients.at[i]) && s->clients.at[i].in_size > 0;
    return n;
}

enum move_result crowd_come(struct scene *s, const struct step *step)
{
    for (unsigned i = 1; i <= step->number; i++) {
        struct client *c = clients_add(&s->clients, text_format("%s%u", prefix, i));
        if (client_begin(&s->clients, c, false) != CLIENT_OK)
            return scene_fail(s, "%s: the connection is refused", c->name);
    }
    clients_note(&s->clients, "crowd.1 to crowd.%u connect and > %zu bytes each", step->number,
                 step->data.size);
    uint64_t deadline = clients_deadline(&s->clients), last = clock_ns();
    char how[300];
    while (served(s) == 0 || clock_ns() - last < settled_ns) {
        if (look(s, &step->data, settled_ns) > 0)
            last = clock_ns();
        if (wait_was_interrupted())
            return MOVE_INTERRUPTED;
        if (site_has_ended(&s->site, how, sizeof how))
            return scene_fail(s, "the server ended under %u clients: %s", step->number, how);
        if (clock_ns() >= deadline && served(s) == 0)
            return scene_fail(s, "none of %u clients has an answer", step->number);
    }
    clients_note(&s->clients, "%u of the crowd have an answer", served(s));
    return MOVE_OK;
}

/* Those that were served end their side, and wait for the server's end of each connection. Then the
 * server has these descriptors back. Else the next client might come before the server has looked
 * at those that left, and be turned away rightly. */
static void say_goodbye(struct scene *s)
{
    uint64_t deadline = clients_deadline(&s->clients);
    for (size_t i = 0; i < s->clients.count; i++)
        if (is_of_crowd(&s->clients.at[i]) && s->clients.at[i].in_size > 0)
            shutdown(s->clients.at[i].fd, SHUT_WR);
    for (size_t i = 0; i < s->clients.count; i++) {
        const struct client *c = &s->clients.at[i];
        struct pollfd fd = {.fd = c->fd, .events = POLLIN};
        char bytes[4096];
        while (is_of_crowd(c) && c->in_size > 0 && !wait_was_interrupted() &&
               poll(&fd, 1, clock_timeout_ms(clock_ns(), deadline)) > 0 &&
               recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
        }
    }
}

enum move_result crowd_leave(struct scene *s)
{
    struct client *waits = NULL;
    for (size_t i = 0; i < s->clients.count; i++) {
        struct client *c = &s->clients.at[i];
        if (is_of_crowd(c) && !has_answer(c) && c->pushed_size > 0 && !waits)
            waits = c;
    }
    if (!waits)
        say_goodbye(s);
    for (size_t i = 0; i < s->clients.count; i++)
        if (is_of_crowd(&s->clients.at[i]) && &s->clients.at[i] != waits)
            client_leave(&s->clients.at[i]);
    clients_note(&s->clients, "all of the crowd close but %s", waits ? waits->name : "nobody");
    if (!waits)
        return MOVE_OK;
    enum client_result result = client_fill(&s->clients, waits, clients_deadline(&s->clients));
    if (result == CLIENT_LATE)
        return scene_fail(s,
                          "%s: it had to wait, and is forgotten: all others have left, and "
                          "it has neither an answer nor an end",
                          waits->name);
    if (result == CLIENT_OK)
        client_close(&s->clients, waits, false);
    return scene_wait_failed(s, result, waits->name, "an answer");
}

/* The part of a window in which the server ran or wanted to. CPU time would say less: others may
 * have the CPUs. */
static double busy(struct scene *s, enum client_result *result)
{
    unsigned seen = 0;
    *result = CLIENT_LATE;
    for (int look = 0; look < CALM_LOOKS && *result == CLIENT_LATE; look++) {
        *result = clients_wait(&s->clients, NULL, 0, clock_after(clock_ns(), calm_look_ns));
        seen += freeze_runs(s->site.process.pid);
    }
    return (double)seen / CALM_LOOKS;
}

enum move_result crowd_calm(struct scene *s)
{
    double share = 1;
    uint64_t deadline = clients_deadline(&s->clients);
    uint64_t before = freeze_cpu_ns(s->site.process.pid);
    if (s->polls)
        return MOVE_OK;
    for (int i = 0; share > 0.5; i++) {
        enum client_result result;
        share = busy(s, &result);
        if (result != CLIENT_LATE)
            return scene_wait_failed(s, result, "the server", "rest");
        clients_note(&s->clients, "the server runs in %.0f %% of the looks, with nothing to do",
                     100 * share);
        if (!s->calm_known && i + 1 >= CALM_WINDOWS && share > 0.5)
            s->polls = freeze_cpu_ns(s->site.process.pid) >= before + polls_ns;
        if (!s->calm_known && share > 0.5 && clock_ns() >= deadline)
            s->polls = true; /* nothing has happened yet that could be its reason */
        if (s->polls)
            break;
        if (share > 0.5 && clock_ns() >= deadline)
            return scene_fail(
                s,
                "the server runs in %.0f %% of the looks with nothing to do: accept() "
                "fails, and is tried again at once",
                100 * share);
    }
    s->calm_known = true;
    return MOVE_OK;
}
