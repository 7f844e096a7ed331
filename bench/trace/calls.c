#include "bench/trace/calls.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/trace/causes.h"
#include "bench/trace/names.h"
#include "common/err.h"

/* What a call is to the story. */
enum {
    PART = 1,   /* it is shown whatever it is about */
    SOCKET = 2, /* it is shown where it is about a client, or what connections come from */
    WAITS = 4,  /* it may sleep */
    IN = 8,     /* its result is a number of bytes that came */
    OUT = 16,   /* that went */
};

static const struct {
    const char *name;
    unsigned what;
} known[] = {
    {"accept", PART | WAITS},
    {"accept4", PART | WAITS},
    {"recvfrom", PART | WAITS | IN},
    {"recvmsg", PART | WAITS | IN},
    {"read", SOCKET | WAITS | IN},
    {"readv", SOCKET | WAITS | IN},
    {"sendto", PART | WAITS | OUT},
    {"sendmsg", PART | WAITS | OUT},
    {"write", SOCKET | WAITS | OUT},
    {"writev", SOCKET | WAITS | OUT},
    {"sendfile", PART | WAITS | OUT},
    {"epoll_wait", PART | WAITS},
    {"epoll_pwait", PART | WAITS},
    {"epoll_pwait2", PART | WAITS},
    {"epoll_ctl", PART},
    {"poll", PART | WAITS},
    {"ppoll", PART | WAITS},
    {"select", PART | WAITS},
    {"pselect6", PART | WAITS},
    {"io_uring_enter", PART | WAITS},
    {"rt_sigtimedwait", PART | WAITS},
    {"rt_tgsigqueueinfo", PART},
    {"futex", PART | WAITS},
    {"flock", PART | WAITS},
    {"clone", PART},
    {"clone3", PART},
    {"fork", PART},
    {"vfork", PART},
    {"wait4", PART | WAITS},
    {"waitid", PART | WAITS},
    {"close", SOCKET},
    {"shutdown", PART},
    {"setsockopt", SOCKET},
    {"fcntl", SOCKET},
    {"ioctl", SOCKET},
    {"sched_yield", PART},
    {"nanosleep", PART | WAITS},
    {"clock_nanosleep", PART | WAITS},
    {"kill", PART},
    {"tgkill", PART},
};

static unsigned what_is(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].what;
    return 0;
}

static int client_named(const struct script *s, const char *word)
{
    for (int i = 0; i < s->clients; i++)
        if (word[0] == s->names[i] && !isalnum((unsigned char)word[1]) && word[1] != '_')
            return i;
    return -1;
}

/* The argument at `at`, up to its comma or the end of the call. */
static char *argument(const char *at)
{
    return text_format("%.*s", (int)strcspn(at, ",)"), at);
}

/* The n-th argument, from 0, of a call whose arguments before it have no commas in them; "" where
 * there is none. */
static const char *nth(const char *text, int n)
{
    const char *at = strchr(text, '(');
    for (at = at ? at + 1 : ""; n > 0 && at; n--) {
        at = strstr(at, ", ");
        at = at ? at + 2 : NULL;
    }
    return at ? at : "";
}

/* "ADD A IN|ET": what epoll(7) is to watch a descriptor for. */
static char *about_ctl(const struct trace_call *c, const char *operation)
{
    static const char prefix[] = "EPOLL";
    const char *mark = strstr(c->text, "{events=");
    char *op = argument(operation);
    char *on = argument(nth(c->text, 2));
    char *events = mark ? argument(mark + strlen("{events=")) : xstrdup("");
    for (char *at; (at = strstr(events, prefix));)
        memmove(at, at + sizeof prefix - 1, strlen(at + sizeof prefix - 1) + 1);
    char *about = text_format("%s %s%s%s", op, on, events[0] ? " " : "", events);
    free(op);
    free(on);
    free(events);
    return about;
}

/* What stands between the parentheses of the label. */
static char *about_of(const struct trace_call *c)
{
    static const char ctl[] = "EPOLL_CTL_";
    static const char futex[] = "FUTEX_";
    const char *second = nth(c->text, 1);
    if (strcmp(c->name, "epoll_ctl") == 0 && strncmp(second, ctl, sizeof ctl - 1) == 0)
        return about_ctl(c, second + sizeof ctl - 1);
    if (strcmp(c->name, "futex") == 0 && strncmp(second, futex, sizeof futex - 1) == 0)
        return text_format("%.4s", second + sizeof futex - 1); /* "WAIT", "WAKE" */
    if (strcmp(c->name, "io_uring_enter") == 0) {
        char *count = argument(second);
        char *about = text_format("submit %s", count);
        free(count);
        return about;
    }
    char *first = argument(nth(c->text, 0));
    bool is_name = isalpha((unsigned char)first[0]) &&
                   strspn(first, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(first);
    if (!is_name || strcmp(first, "NULL") == 0)
        first[0] = '\0';
    return first;
}

/* Where the result begins, after the last ") = "; NULL where the call has not returned. */
static const char *result_at(const char *text)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, ") = ")); at++)
        found = at + 4;
    return found;
}

/* Put " A" for each client that is named in `text` after the mark of select(2) or poll(2): what is
 * ready. */
static char *ready_of(const struct trace_call *c, const struct script *s, const char *number)
{
    const char *more = strchr(number, '(');
    char names[2 * SCRIPT_CLIENTS + 32] = "";
    if (!more || !strchr("ps", c->name[0]))
        return NULL;
    size_t used = 0;
    for (const char *at = more; *at; at++) {
        bool begins = !isalnum((unsigned char)at[-1]);
        if (begins && client_named(s, at) >= 0 && used + 3 < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, " %c", *at);
        if (begins && strncmp(at, "listen", 6) == 0 && used + 8 < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, " listen");
    }
    return used ? text_format("%.*s:%s", (int)strcspn(number, " "), number, names) : NULL;
}

static const struct trace_task *task_with(const struct trace *t, long pid)
{
    for (size_t i = 0; i < t->task_count; i++)
        if (t->tasks[i].pid == pid)
            return &t->tasks[i];
    return NULL;
}

static void fill_result(const struct trace *t, struct trace_call *c, unsigned what)
{
    const char *number = result_at(c->text);
    if (!number || c->to == STRACE_NEVER) {
        c->result = xstrdup("");
        return;
    }
    bool is_error = strncmp(number, "-1 ", 3) == 0 || strncmp(number, "? ", 2) == 0;
    if (is_error) {
        const char *error = strchr(number, ' ') + 1;
        c->result = text_format("%.*s", (int)strcspn(error, " "), error);
        c->again = strcmp(c->result, "EAGAIN") == 0;
        return;
    }
    long long value = strtoll(number, NULL, 10);
    if (value > 0 && c->client >= 0 && (what & (IN | OUT))) {
        c->data = what & IN ? DATA_IN : DATA_OUT;
        c->bytes = (uint64_t)value;
    }
    const char *signal = strncmp(c->name, "rt_sigtimed", 11) == 0 ? strchr(number, '(') : NULL;
    c->result = ready_of(c, t->script, number);
    if (!c->result && signal)
        c->result = text_format("%.*s", (int)strcspn(signal + 1, ")"), signal + 1);
    if (!c->result)
        c->result = text_format("%.*s", (int)strcspn(number, " "), number);
    if (strncmp(c->name, "accept", 6) == 0)
        c->client = client_named(t->script, number);
}

/* "--- SIGCHLD {...} ---", "+++ exited with 0 +++" */
static void fill_event(struct trace_call *c)
{
    bool signal = c->text[0] == '-';
    const char *word = c->text + 4;
    c->name = signal ? text_format("%.*s", (int)strcspn(word, " "), word) : xstrdup("ends");
    c->about = xstrdup("");
    c->result = xstrdup("");
    c->client = -1;
    c->shown = true;
}

static void fill(const struct trace *t, struct trace_call *c)
{
    if (strncmp(c->text, "--- ", 4) == 0 || strncmp(c->text, "+++ ", 4) == 0) {
        fill_event(c);
        return;
    }
    c->name = text_format("%.*s", (int)strcspn(c->text, "("), c->text);
    unsigned what = what_is(c->name);
    const char *first = nth(c->text, 0);
    c->client = client_named(t->script, first);
    c->about = about_of(c);
    if (c->client < 0 && strcmp(c->name, "epoll_ctl") == 0)
        c->client = client_named(t->script, nth(c->text, 2));
    fill_result(t, c, what);
    c->sleeps = (what & WAITS) && !strstr(c->text, "WNOHANG") && strcmp(c->about, "WAKE") != 0;
    bool woke_nobody = strcmp(c->about, "WAKE") == 0 && strcmp(c->result, "0") == 0;
    c->shown = ((what & PART) && !woke_nobody) || ((what & SOCKET) && c->client >= 0);
}

/* Whether anything else happened while the call lasted: a client did something, or another task
 * returned from a call. A call that sends has done its work before strace lets it return, and the
 * client is quick: of such a call it counts that the server was at rest. */
static bool spans_something(const struct trace *t, const struct trace_call *c)
{
    bool sends = what_is(c->name) & OUT;
    for (size_t i = 0; i < t->played.acts.count; i++) {
        const struct act *a = &t->played.acts.at[i];
        bool counts = !sends || a->kind == ACT_REST || a->kind == ACT_IN_VAIN;
        if (counts && a->at > c->from && a->at < c->to)
            return true;
    }
    for (size_t i = 0; i < t->call_count && !sends; i++) {
        const struct trace_call *other = &t->calls[i];
        if (other->task != c->task && other->shown && other->to > c->from && other->to < c->to)
            return true;
    }
    return false;
}

/* Calls on a descriptor that does not block cannot wait: connections that were accepted so, or made
 * so afterwards; a listening socket on which a call found nothing. */
static void mark_nonblocking(struct trace *t)
{
    bool clients[SCRIPT_CLIENTS] = {0};
    bool listening = false;
    for (size_t i = 0; i < t->call_count; i++)
        listening =
            listening || (t->calls[i].again && strncmp(t->calls[i].name, "accept", 6) == 0);
    for (size_t i = 0; i < t->call_count; i++) {
        struct trace_call *c = &t->calls[i];
        bool accepts = strncmp(c->name, "accept", 6) == 0;
        if (accepts && listening)
            c->sleeps = false;
        if (c->client < 0)
            continue;
        if (accepts)
            clients[c->client] = strstr(c->text, "SOCK_NONBLOCK") != NULL;
        else if (strstr(c->text, "F_SETFL") && strstr(c->text, "O_NONBLOCK"))
            clients[c->client] = true;
        else if (clients[c->client] && (what_is(c->name) & (IN | OUT)))
            c->sleeps = false;
    }
}

/* A task is shown for what it does, not for one wait that lasts all the time. */
static void name_tasks(struct trace *t)
{
    unsigned threads = 0;
    unsigned processes = 0;
    for (size_t i = 0; i < t->call_count; i++) {
        const struct trace_call *c = &t->calls[i];
        bool all_the_time = c->from < 0 && c->to > t->played.end;
        if (c->shown && !all_the_time)
            t->tasks[c->task].shown = true;
    }
    for (size_t i = 0; i < t->task_count; i++) {
        struct trace_task *task = &t->tasks[i];
        unsigned number = !task->shown || i == 0 ? 0 : task->thread ? ++threads : ++processes;
        if (i == 0)
            strcpy(task->name, "main");
        else if (task->shown)
            snprintf(task->name, sizeof task->name, "%s %u",
                     task->thread ? "thread" : "process", number);
    }
}

void trace_make_calls(struct trace *t, const struct strace *s)
{
    t->calls = xcalloc(s->count + 1, sizeof *t->calls);
    t->call_count = s->count;
    for (size_t i = 0; i < s->count; i++) {
        struct trace_call *c = &t->calls[i];
        *c = (struct trace_call){.task = (size_t)(task_with(t, s->calls[i].task) - t->tasks),
                                 .from = s->calls[i].from,
                                 .to = s->calls[i].to};
        c->text = names_put(s->calls[i].text, t->script, &t->played);
        fill(t, c);
    }
    trace_sort_calls(t);
    mark_nonblocking(t);
    trace_respect_causes(t);
    for (size_t i = 0; i < t->call_count; i++) {
        struct trace_call *c = &t->calls[i];
        c->waits = c->sleeps && !c->again &&
                   (c->from < 0 || c->to > t->played.end || spans_something(t, c));
    }
    name_tasks(t);
}
