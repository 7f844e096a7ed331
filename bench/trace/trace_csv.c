#include <inttypes.h>
#include <stdio.h>

#include "bench/base/csv.h"
#include "bench/base/text.h"
#include "bench/trace/files.h"
#include "common/err.h"

const char *const act_names[ACT_KINDS] = {
    [ACT_CONNECT] = "connect", [ACT_SEND] = "send",   [ACT_RECEIVE] = "receive",
    [ACT_ANSWER] = "answer",   [ACT_END] = "end",     [ACT_HALF_CLOSE] = "half-close",
    [ACT_CLOSE] = "close",     [ACT_RESET] = "reset", [ACT_IN_VAIN] = "in-vain",
    [ACT_REST] = "rest",
};

static void put_time(FILE *f, int64_t ns)
{
    if (ns != STRACE_NEVER)
        fprintf(f, "%" PRId64, ns);
    putc(',', f);
}

static void put_act(FILE *f, const struct trace *t, const struct act *a)
{
    int n = a->client >= 0;
    const char *name = n ? &t->script->names[a->client] : "";
    fprintf(f, "%.*s,%s,", n, name, n ? "client" : "");
    put_time(f, a->at);
    put_time(f, a->at);
    fprintf(f, "%s,,%.*s,%" PRIu64 ",,,0,1,%d,", act_names[a->kind], n, name, a->bytes,
            a->line);
    csv_put_text(f, a->text ? a->text : "");
    putc('\n', f);
}

static void put_call(FILE *f, const struct trace *t, const struct trace_call *c)
{
    static const char *const data[] = {[DATA_NONE] = "", [DATA_IN] = "in", [DATA_OUT] = "out"};
    const struct trace_task *task = &t->tasks[c->task];
    char pid[32];
    snprintf(pid, sizeof pid, "task %d", (int)task->pid);
    csv_put_text(f, task->shown ? task->name : pid);
    fprintf(f, ",%s,", task->thread ? "thread" : "process");
    put_time(f, c->from);
    put_time(f, c->to);
    csv_put_text(f, c->name);
    putc(',', f);
    csv_put_text(f, c->about);
    fprintf(f, ",%.*s,%" PRIu64 ",%s,", c->client >= 0,
            c->client >= 0 ? &t->script->names[c->client] : "", c->bytes, data[c->data]);
    csv_put_text(f, c->result);
    fprintf(f, ",%d,%d,,", c->waits, c->shown);
    csv_put_text(f, c->text);
    putc('\n', f);
}

void trace_csv_write(const char *path, const struct trace *t)
{
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fprintf(f, "lane,kind,from_ns,to_ns,what,about,client,bytes,data,result,waited,shown,line,"
               "text\n");
    for (size_t i = 0; i < t->played.acts.count; i++)
        put_act(f, t, &t->played.acts.at[i]);
    for (size_t i = 0; i < t->call_count; i++)
        put_call(f, t, &t->calls[i]);
    if (!text_close(f))
        die_errno("cannot write %s", path);
}
