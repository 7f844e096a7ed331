#include "bench/trial/strace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"

void strace_words(const char *words[STRACE_WORDS], const char *path, bool named)
{
    static const char *const fixed[] = {"strace",
                                        "-D",
                                        "-f",
                                        "-a",
                                        "1",
                                        "-s",
                                        "32",
                                        "--absolute-timestamps=unix,ns",
                                        "--syscall-times=ns"};
    size_t n = 0;
    for (; n < sizeof fixed / sizeof fixed[0]; n++)
        words[n] = fixed[n];
    if (named)
        words[n++] = "-yy";
    words[n++] = "-o";
    words[n++] = path;
    words[n] = NULL;
}

int64_t strace_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)timespec_ns(t);
}

/* A trace being read. */
struct reader {
    struct strace *s;
    size_t room;
    int64_t zero;
};

static struct strace_call *add(struct reader *r, pid_t task, int64_t at, const char *text)
{
    struct strace *s = r->s;
    if (s->count == r->room) {
        r->room = r->room ? 2 * r->room : 64;
        s->calls = xrealloc(s->calls, r->room * sizeof *s->calls);
    }
    s->calls[s->count] = (struct strace_call){
        .task = task, .from = at, .to = STRACE_NEVER, .text = xstrdup(text)};
    return &s->calls[s->count++];
}

/* The call of `task` that has not returned. A signal can stand between its beginning and its end.
 */
static struct strace_call *unfinished(const struct reader *r, pid_t task)
{
    for (size_t i = r->s->count; i-- > 0;)
        if (r->s->calls[i].task == task && r->s->calls[i].to == STRACE_NEVER)
            return &r->s->calls[i];
    return NULL;
}

/* "SECONDS.NANOSECONDS" at `text`, in nanoseconds; `*end` is where it ends. False: there is none.
 */
static bool read_seconds(const char *text, char **end, int64_t *ns)
{
    long long seconds = strtoll(text, end, 10);
    if (*end == text || **end != '.')
        return false;
    const char *fraction = *end + 1;
    long long part = strtoll(fraction, end, 10);
    if (*end - fraction != 9)
        return false;
    *ns = (int64_t)seconds * (int64_t)NS_PER_S + part;
    return true;
}

/* Cut the duration off the end of the text, " <0.000123456>". False where there is none. */
static bool cut_duration(char *text, int64_t *ns)
{
    char *open = strrchr(text, '<');
    char *end;
    if (!open || open == text || open[-1] != ' ' || !read_seconds(open + 1, &end, ns) ||
        strcmp(end, ">") != 0)
        return false;
    open[-1] = '\0';
    return true;
}

/* The rest of a call whose beginning stood on an earlier line: "<... read resumed>..." */
static void resume(struct reader *r, pid_t task, char *rest)
{
    static const char mark[] = " resumed>";
    char *more = strstr(rest, mark);
    struct strace_call *c = unfinished(r, task);
    if (!c || !more)
        return;
    int64_t duration = 0;
    cut_duration(more, &duration);
    char *whole = text_format("%s%s", c->text, more + sizeof mark - 1);
    free(c->text);
    c->text = whole;
    c->to = c->from + duration;
}

/* "PID SECONDS.NANOSECONDS CALL", as strace writes it for these words (strace(1)). */
static void read_line(struct reader *r, char *line)
{
    static const char mark[] = " <unfinished ...>";
    char *at;
    char *rest;
    int64_t now;
    pid_t task = (pid_t)strtol(line, &at, 10);
    if (at == line || !read_seconds(text_trim(at), &rest, &now) || *rest != ' ')
        return;
    now -= r->zero;
    rest = text_trim(rest);
    if (strncmp(rest, "<... ", 5) == 0) {
        resume(r, task, rest);
        return;
    }
    int64_t duration = 0;
    bool timed = cut_duration(rest, &duration);
    char *open = timed ? NULL : strstr(rest, mark);
    if (open)
        *open = '\0';
    struct strace_call *c = add(r, task, now, rest);
    if (!open)
        c->to = now + duration;
}

bool strace_read(struct strace *out, const char *path, int64_t zero, char *reason,
                 size_t reason_size)
{
    char *text = text_read_file(path);
    *out = (struct strace){0};
    if (!text) {
        snprintf(reason, reason_size, "strace left no trace: %s", strerror(errno));
        return false;
    }
    struct reader r = {.s = out, .zero = zero};
    char *lines = text;
    for (char *line; (line = strsep(&lines, "\n"));)
        read_line(&r, line);
    free(text);
    if (out->count == 0)
        snprintf(reason, reason_size, "strace saw no call; it may not trace here (ptrace(2))");
    return out->count > 0;
}

void strace_keep(struct strace *s, bool (*keep)(const struct strace_call *, const void *),
                 const void *data)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (keep(&s->calls[i], data))
            s->calls[kept++] = s->calls[i];
        else
            free(s->calls[i].text);
    }
    s->count = kept;
}

void strace_free(struct strace *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->calls[i].text);
    free(s->calls);
    *s = (struct strace){0};
}
