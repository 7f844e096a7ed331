#include "clients/worker/task.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"

static const char *const kinds[TASK_KINDS] = {
    [TASK_GATE] = "gate", [TASK_EMPTY] = "empty", [TASK_FETCH] = "fetch"};

const char *work_path(const struct work *w, const char *name)
{
    static _Thread_local char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return path;
}

void task_read(struct task *t, const struct beanstalk_job *from)
{
    const char *kind, *url;
    json_int_t number;
    json_t *job = json_loadb(from->body, from->size, 0, NULL);
    if (json_unpack(job, "[s,I,s]", &kind, &number, &url) != 0)
        die("a job is not [KIND, NUMBER, URL]: %.*s", (int)from->size, from->body);
    *t = (struct task){.kind = TASK_GATE, .number = number};
    while (t->kind < TASK_KINDS && strcmp(kinds[t->kind], kind) != 0)
        t->kind++;
    if (t->kind == TASK_KINDS || strlen(url) >= sizeof t->url)
        die("a job is of no known kind, or its URL is too long: %.*s", (int)from->size,
            from->body);
    strcpy(t->id, from->id);
    strcpy(t->url, url);
    json_decref(job);
}

void task_report(const struct work *w, const struct task *t, enum outcome outcome)
{
    char line[128];
    int n = snprintf(line, sizeof line, "[\"%s\", %lld, \"%s\", %d]", kinds[t->kind], t->number,
                     outcome_names[outcome], (int)getpid());
    if (send(w->reports, line, (size_t)n, 0) != n)
        die_errno("cannot report a job");
}

int task_gate(const struct work *w)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = work_path(w, "gate");
    if (strlen(path) >= sizeof to.sun_path)
        die("the path of a socket is too long: %s", path);
    strcpy(to.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die_errno("cannot connect to %s", path);
    return fd;
}

void task_begin(const struct work *w, const struct task *t, struct conn *c)
{
    size_t n = strlen(w->site);
    if (strncmp(t->url, w->site, n) != 0 || t->url[n] != '/')
        die("the URL of a job is not of the site %s: %s", w->site, t->url);
    conn_begin(c, (size_t)sprintf(c->request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", t->url + n,
                                  w->job.url.host));
}
