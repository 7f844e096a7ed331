#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/drive/fetch_blocking.h"
#include "clients/worker/worker.h"
#include "common/err.h"

struct worker {
    struct work *work;
    unsigned number;
};

static void pass_gate(const struct work *w)
{
    char byte;
    int fd = task_gate(w);
    if (recv(fd, &byte, 1, 0) != 1)
        die("the harness has closed the gate");
    close(fd);
}

static void await(struct beanstalk *b, enum beanstalk_answer what, struct beanstalk_job *job)
{
    enum beanstalk_answer answer;
    while ((answer = beanstalk_next(b, job)) == BEANSTALK_NONE)
        beanstalk_receive(b);
    if (answer != what)
        die("the broker answers what was not asked");
}

_Noreturn static void serve(struct work *w, unsigned number)
{
    struct beanstalk broker;
    struct beanstalk_job job;
    struct task task;
    struct conn c;
    conn_init(&c, &w->job, number);
    beanstalk_open(&broker, work_path(w, "beanstalkd"), 0);
    for (;;) {
        beanstalk_reserve(&broker);
        await(&broker, BEANSTALK_RESERVED, &job);
        task_read(&task, &job);
        c.outcome = OUTCOME_OK;
        if (task.kind == TASK_GATE)
            pass_gate(w);
        if (task.kind == TASK_FETCH) {
            task_begin(w, &task, &c);
            fetch_blocking(&c);
        }
        task_report(w, &task, c.outcome);
        beanstalk_delete(&broker, task.id);
        await(&broker, BEANSTALK_DELETED, &job);
    }
}

static void *work(void *argument)
{
    const struct worker *me = argument;
    serve(me->work, me->number);
}

void work_in_threads(struct work *w)
{
    struct worker *workers = xcalloc(w->job.concurrency, sizeof *workers);
    pthread_t thread;
    for (unsigned i = 0; i < w->job.concurrency; i++) {
        workers[i] = (struct worker){.work = w, .number = i};
        if ((errno = pthread_create(&thread, NULL, work, &workers[i])) != 0)
            die_errno("cannot start thread %u of %u", i + 1, w->job.concurrency);
    }
    for (;;)
        pause();
}
