/* beanstalkd as a worker knows it: a text protocol (protocol.txt of beanstalkd 1.12). A connection
 * says "reserve" and is answered when there is a job; "delete ID" says that the job is done, and
 * only the connection that has the job may say so. While "reserve" waits, nothing else that the
 * connection says is read: whoever does several jobs at once needs a connection for each. */
#ifndef IOM_BEANSTALK_H
#define IOM_BEANSTALK_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes of a job that beanstalkd takes, unless it is told otherwise. */
#define BEANSTALK_JOB_MAX 65535
#define BEANSTALK_ID_MAX  24

struct beanstalk {
    int fd;
    char *in; /* received: `taken` of `used` bytes were answers that beanstalk_next() gave */
    size_t used, taken;
};

enum beanstalk_answer {
    BEANSTALK_NONE, /* it has not come whole yet */
    BEANSTALK_RESERVED,
    BEANSTALK_DELETED,
};

/* A job that was reserved. The body is valid until the next beanstalk_receive(). */
struct beanstalk_job {
    char id[BEANSTALK_ID_MAX];
    const char *body;
    size_t size;
};

/* Each of these ends the program, with a line, where the broker refuses or is gone. */

/* Connect to the socket at `path`, non-blocking where `flags` is SOCK_NONBLOCK. */
void beanstalk_open(struct beanstalk *b, const char *path, int flags);
void beanstalk_close(struct beanstalk *b);

void beanstalk_reserve(struct beanstalk *b);
void beanstalk_delete(struct beanstalk *b, const char *id);

/* Receive what there is; on a blocking socket wait for it. */
void beanstalk_receive(struct beanstalk *b);

/* The next answer, of which `job` is filled in where it is BEANSTALK_RESERVED. */
enum beanstalk_answer beanstalk_next(struct beanstalk *b, struct beanstalk_job *job);

#endif
