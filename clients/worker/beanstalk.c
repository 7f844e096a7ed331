#include "clients/worker/beanstalk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"

#define SPACE (BEANSTALK_JOB_MAX + 128)

void beanstalk_open(struct beanstalk *b, const char *path, int flags)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path)
        die("the path of a socket is too long: %s", path);
    strcpy(to.sun_path, path);
    *b = (struct beanstalk){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
    if (b->fd < 0 || connect(b->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die_errno("cannot connect to %s", path);
    b->in = xmalloc(SPACE);
}

void beanstalk_close(struct beanstalk *b)
{
    close(b->fd);
    free(b->in);
}

/* A few bytes, of which the socket's buffer holds thousands. */
static void say(struct beanstalk *b, const char *line)
{
    size_t size = strlen(line);
    if (send(b->fd, line, size, MSG_NOSIGNAL) != (ssize_t)size)
        die_errno("cannot say '%.*s' to the broker", (int)size - 2, line);
}

void beanstalk_reserve(struct beanstalk *b)
{
    say(b, "reserve\r\n");
}

void beanstalk_delete(struct beanstalk *b, const char *id)
{
    char line[BEANSTALK_ID_MAX + 16];
    snprintf(line, sizeof line, "delete %s\r\n", id);
    say(b, line);
}

void beanstalk_receive(struct beanstalk *b)
{
    if (b->taken > 0)
        memmove(b->in, b->in + b->taken, b->used - b->taken);
    b->used -= b->taken;
    b->taken = 0;
    ssize_t n = recv(b->fd, b->in + b->used, SPACE - b->used, 0);
    if (n == 0)
        die("the broker has closed the connection");
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        die_errno("cannot receive from the broker");
    b->used += n > 0 ? (size_t)n : 0;
}

enum beanstalk_answer beanstalk_next(struct beanstalk *b, struct beanstalk_job *job)
{
    const char *line = b->in + b->taken;
    size_t size = b->used - b->taken, body;
    const char *end = memmem(line, size, "\r\n", 2);
    if (!end) {
        if (size == SPACE)
            die("the broker says a line without an end");
        return BEANSTALK_NONE;
    }
    size_t head = (size_t)(end - line) + 2;
    if (head == strlen("DELETED\r\n") && memcmp(line, "DELETED", 7) == 0) {
        b->taken += head;
        return BEANSTALK_DELETED;
    }
    /* The line ends before what was received does, and no number goes on beyond it. */
    if (sscanf(line, "RESERVED %23[0-9] %zu\r", job->id, &body) != 2 ||
        body > BEANSTALK_JOB_MAX)
        die("the broker says '%.*s'", (int)head - 2, line);
    if (size < head + body + 2)
        return BEANSTALK_NONE;
    job->body = line + head;
    job->size = body;
    b->taken += head + body + 2;
    return BEANSTALK_RESERVED;
}
