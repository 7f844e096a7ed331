#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/trace/calls.h"
#include "common/err.h"

static struct trace_task *find(struct trace *t, pid_t pid)
{
    for (size_t i = 0; i < t->task_count; i++)
        if (t->tasks[i].pid == pid)
            return &t->tasks[i];
    return NULL;
}

static struct trace_task *add(struct trace *t, const struct strace_call *c)
{
    t->tasks = xrealloc(t->tasks, (t->task_count + 1) * sizeof *t->tasks);
    t->tasks[t->task_count] =
        (struct trace_task){.pid = c->task, .from = c->from, .to = STRACE_NEVER};
    return &t->tasks[t->task_count++];
}

/* Which task a call made, where it made one; 0 else. */
static pid_t made_by(const struct strace_call *c)
{
    static const char *const names[] = {"clone(", "clone3(", "fork(", "vfork("};
    const char *result = strstr(c->text, ") = ");
    for (const char *more; result && (more = strstr(result + 1, ") = "));)
        result = more;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (result && strncmp(c->text, names[i], strlen(names[i])) == 0)
            return (pid_t)strtol(result + 4, NULL, 10);
    return 0;
}

void trace_find_tasks(struct trace *t, const struct strace *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct strace_call *c = &s->calls[i];
        struct trace_task *task = find(t, c->task);
        if (!task)
            task = add(t, c);
        if (strncmp(c->text, "+++ ", 4) == 0)
            task->to = c->from;
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct strace_call *c = &s->calls[i];
        pid_t made = made_by(c);
        struct trace_task *task = made > 0 ? find(t, made) : NULL;
        if (task)
            task->thread = strstr(c->text, "CLONE_THREAD") != NULL;
    }
}
