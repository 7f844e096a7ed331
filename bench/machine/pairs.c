#include "bench/machine/pairs.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"

static int tcp_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static int close_failed(int fd)
{
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return -1;
}

int pairs_listen(int backlog)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = tcp_socket();
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ||
        listen(fd, backlog) != 0)
        return close_failed(fd);
    return fd;
}

int pairs_connect(int listener)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = tcp_socket();
    if (fd < 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(fd, (struct sockaddr *)&address, size) != 0)
        return close_failed(fd);
    return fd;
}

void pairs_reset(int fd)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(fd);
}

bool pairs_open(struct pairs *p, size_t count)
{
    int listener = pairs_listen(1);
    *p = (struct pairs){.fds = xcalloc(count, sizeof *p->fds)};
    for (; listener >= 0 && p->count < count; p->count++) {
        int *ends = p->fds[p->count];
        ends[0] = pairs_connect(listener);
        ends[1] = ends[0] >= 0 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (ends[1] < 0) {
            close_failed(ends[0]);
            break;
        }
    }
    close_failed(listener);
    if (p->count == count)
        return true;
    int reason = errno;
    pairs_close(p);
    errno = reason;
    return false;
}

void pairs_close(struct pairs *p)
{
    for (size_t i = 0; i < p->count; i++) {
        pairs_reset(p->fds[i][0]);
        pairs_reset(p->fds[i][1]);
    }
    free(p->fds);
    *p = (struct pairs){0};
}
