/* A job of the queue, as bench/queues/work.py has it: [KIND, NUMBER, URL] in JSON, KIND being
 * "gate", "empty" or "fetch". Each is reported to the harness as [KIND, NUMBER, OUTCOME, PID], on a
 * datagram socket in the directory of the harness. */
#ifndef IOM_WORKER_TASK_H
#define IOM_WORKER_TASK_H

#include "clients/drive/conn.h"
#include "clients/worker/beanstalk.h"

enum task_kind { TASK_GATE, TASK_EMPTY, TASK_FETCH, TASK_KINDS };

struct task {
    enum task_kind kind;
    long long number;
    char id[BEANSTALK_ID_MAX]; /* the broker's */
    char url[URL_TEXT_MAX];
};

/* What all workers of this process share. */
struct work {
    /* of the harness: it has the sockets beanstalkd, gate and reports, and the file body */
    const char *dir;
    const char *site; /* "http://HOST:PORT": each URL begins so */
    struct job job;   /* its `concurrency` is that of the workers */
    int reports;
};

/* DIR/NAME, in a static buffer of each thread. */
const char *work_path(const struct work *w, const char *name);

/* Each of these ends the program, with a line, where a job is none of these or the harness is
 * gone. */
void task_read(struct task *t, const struct beanstalk_job *from);
void task_report(const struct work *w, const struct task *t, enum outcome outcome);

/* Connect to the gate. Whoever gets a byte from this socket is let go. */
int task_gate(const struct work *w);

/* Begin the request of a task on `c`. */
void task_begin(const struct work *w, const struct task *t, struct conn *c);

#endif
