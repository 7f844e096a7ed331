#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/tree.h"
#include "bench/base/wait.h"
#include "bench/trial/profile.h"
#include "bench/trial/server_process.h"
#include "common/clock.h"
#include "common/err.h"

/* Requests that come first, so that nothing is done for the first time, by none of some workers. */
enum { EARLIER = 16 };

static const uint64_t answer_limit = 10 * NS_PER_S;
/* A model that never sleeps is at rest never. */
static const uint64_t rest_limit = NS_PER_S;
static const uint64_t tracer_limit = 5 * NS_PER_S;

/* By the clock of strace's option -ttt. */
static double real_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Sleeping; a task that strace holds is not. */
static bool task_sleeps(pid_t pid, const char *task)
{
    char *path = text_format("/proc/%d/task/%s/stat", (int)pid, task);
    char *stat = text_read_file(path);
    const char *state = stat ? strrchr(stat, ')') : NULL;
    bool sleeps = !state || state[1] != ' ' || state[2] == 'S';
    free(stat);
    free(path);
    return sleeps;
}

static bool process_sleeps(pid_t pid)
{
    char *path = text_format("/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    bool sleeps = true;
    free(path);
    for (struct dirent *e; d && sleeps && (e = readdir(d));)
        sleeps = e->d_name[0] == '.' || task_sleeps(pid, e->d_name);
    if (d)
        closedir(d);
    return sleeps;
}

static bool all_sleep(pid_t root)
{
    struct tree t;
    bool sleep = true;
    tree_find(&t, root);
    for (size_t i = 0; i < t.count && sleep; i++)
        sleep = process_sleeps(t.pids[i]);
    tree_free(&t);
    return sleep;
}

/* Until all its tasks slept at three looks in turn. */
static void wait_for_rest(pid_t root)
{
    struct timespec pause = ns_timespec(2 * NS_PER_MS);
    uint64_t deadline = clock_after(clock_ns(), rest_limit);
    for (int asleep = 0; asleep < 3 && clock_ns() < deadline;) {
        asleep = all_sleep(root) ? asleep + 1 : 0;
        nanosleep(&pause, NULL);
    }
}

static bool ask(const struct profile_setup *setup, const struct server *s, int fd, char *reason,
                size_t reason_size)
{
    struct answer answer;
    snprintf(reason, reason_size, "the server closed the connection");
    enum answer_result result = answer_ask(
        fd, s->address, setup->protocol, setup->path, setup->payload, s->process.pidfd,
        clock_after(clock_ns(), answer_limit), &answer, reason, reason_size);
    answer_free(&answer);
    return result == ANSWER_OK;
}

/* `*sent` and `*rest` become when the last request was sent, and when all was done. */
static bool converse(const struct profile_setup *setup, const struct server *s, double *sent,
                     double *rest, char *reason, size_t reason_size)
{
    int fd;
    snprintf(reason, reason_size, "the server does not accept a connection");
    bool good = answer_connect(s->address, &fd, reason, reason_size) == ANSWER_OK;
    for (int i = 0; i < EARLIER && good; i++)
        good = ask(setup, s, fd, reason, reason_size);
    if (good) {
        wait_for_rest(s->process.pid);
        *sent = real_time();
        good = ask(setup, s, fd, reason, reason_size);
        wait_for_rest(s->process.pid);
        *rest = real_time();
    }
    if (fd >= 0)
        close(fd);
    return good;
}

/* A trace being read. */
struct reader {
    struct life *life;
    size_t room;
    double zero;
};

static struct life_call *add(struct reader *r, pid_t task, double at, const char *text)
{
    struct life *l = r->life;
    if (l->count == r->room) {
        r->room = r->room ? 2 * r->room : 64;
        l->calls = xrealloc(l->calls, r->room * sizeof *l->calls);
    }
    l->calls[l->count] =
        (struct life_call){.task = task, .from = at, .to = INFINITY, .text = xstrdup(text)};
    return &l->calls[l->count++];
}

/* The call of `task` that has not returned. */
static struct life_call *unfinished(const struct reader *r, pid_t task)
{
    for (size_t i = r->life->count; i-- > 0;)
        if (r->life->calls[i].task == task)
            return &r->life->calls[i];
    return NULL;
}

/* Cut the duration off the end of the text, " <0.000123>". NaN where there is none. */
static double cut_duration(char *text)
{
    char *open = strrchr(text, '<');
    char *end;
    if (!open || open == text || open[-1] != ' ')
        return NAN;
    double duration = strtod(open + 1, &end);
    if (end == open + 1 || strcmp(end, ">") != 0)
        return NAN;
    open[-1] = '\0';
    return duration;
}

/* The rest of a call whose beginning stood on an earlier line: "<... read resumed>..." */
static void resume(struct reader *r, pid_t task, char *rest)
{
    static const char mark[] = " resumed>";
    char *more = strstr(rest, mark);
    struct life_call *c = unfinished(r, task);
    if (!c || !more)
        return;
    double duration = cut_duration(more);
    char *whole = text_format("%s%s", c->text, more + sizeof mark - 1);
    free(c->text);
    c->text = whole;
    c->to = isnan(duration) ? c->from : c->from + duration;
}

/* "PID SECONDS.MICROSECONDS CALL", as strace -f -ttt -T -o writes it (strace(1)). */
static void read_line(struct reader *r, char *line)
{
    static const char mark[] = " <unfinished ...>";
    char *at;
    char *rest;
    pid_t task = (pid_t)strtol(line, &at, 10);
    double seconds = strtod(at, &rest) - r->zero;
    if (at == line || rest == at || *rest != ' ')
        return;
    rest = text_trim(rest);
    if (strncmp(rest, "<... ", 5) == 0) {
        resume(r, task, rest);
        return;
    }
    if (strncmp(rest, "+++ ", 4) == 0)
        return;
    double duration = cut_duration(rest);
    char *open = strstr(rest, mark);
    if (open)
        *open = '\0';
    struct life_call *c = add(r, task, seconds, rest);
    if (!open)
        c->to = isnan(duration) ? seconds : seconds + duration;
}

/* A wait that was there before counts when it returned. */
static double when(const struct life_call *c)
{
    return c->from < 0 ? c->to : c->from;
}

static int in_order(const void *a, const void *b)
{
    double x = when(a);
    double y = when(b);
    return (x > y) - (x < y);
}

/* Keep what was done between the request and the rest. Who waited all that time did nothing. */
static void keep_request(struct life *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct life_call *c = &l->calls[i];
        bool during = c->to >= 0 && c->from <= l->end && !(c->from < 0 && c->to > l->end);
        if (during)
            l->calls[kept++] = *c;
        else
            free(c->text);
    }
    l->count = kept;
    if (kept > 0)
        qsort(l->calls, kept, sizeof *l->calls, in_order);
}

static bool read_trace(const char *path, double sent, double rest, struct life *out,
                       char *reason, size_t reason_size)
{
    char *text = text_read_file(path);
    if (!text) {
        snprintf(reason, reason_size, "strace left no trace: %s", strerror(errno));
        return false;
    }
    struct reader r = {.life = out, .zero = sent};
    char *lines = text;
    for (char *line; (line = strsep(&lines, "\n"));)
        read_line(&r, line);
    free(text);
    out->end = rest - sent;
    keep_request(out);
    if (out->count == 0)
        snprintf(reason, reason_size, "strace saw no call");
    return out->count > 0;
}

bool life_trace(const struct profile_setup *setup, const char *dir, struct life *out,
                char *reason, size_t reason_size)
{
    char *path = text_format("%s/trace", dir);
    /* -D: the server is our child as ever, and strace beside it. */
    const char *const wrap[] = {"strace", "-D", "-f", "-ttt", "-T", "-o", path, NULL};
    struct server server;
    json_t *counters = NULL;
    double sent = 0;
    double rest = 0;
    struct server_spec spec = {.model = setup->model,
                               .options = setup->options,
                               .wrap = wrap,
                               .protocol = setup->protocol,
                               .connections = 1,
                               .path = setup->path,
                               .payload = setup->payload,
                               .cpus = &setup->placement->server};
    *out = (struct life){0};
    bool good = server_start(&server, &spec, reason, reason_size) == SERVER_OK;
    if (good) {
        char why[300];
        good = converse(setup, &server, &sent, &rest, reason, reason_size);
        server_stop(&server, &counters, why, sizeof why);
    }
    /* strace has written all when it has ended. */
    process_end_all(tracer_limit);
    server_destroy(&server);
    json_decref(counters);
    good = good && read_trace(path, sent, rest, out, reason, reason_size);
    unlink(path);
    free(path);
    return good;
}

void life_free(struct life *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->calls[i].text);
    free(l->calls);
    *l = (struct life){0};
}
