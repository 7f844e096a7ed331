#include "loadgen/engine/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int attempt(struct sources *sources, struct source_cursor *cursor, const struct addr *to,
                   int receive_buffer, int fd)
{
    int one = 1;

    if (addr_family(to) != AF_UNIX) {
        int error = sources_bind(sources, cursor, fd);
        if (error)
            return error;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    return connect(fd, addr_sockaddr(to), to->len) < 0 ? errno : 0;
}

int dial(struct sources *sources, struct source_cursor *cursor, const struct addr *to,
         int receive_buffer, int *fd)
{
    uint32_t tries = 0;
    int error;

    do {
        *fd = socket(addr_family(to), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (*fd < 0)
            return errno;
        error = attempt(sources, cursor, to, receive_buffer, *fd);
        if (error == 0 || error == EINPROGRESS)
            return error;
        close(*fd);
        *fd = -1;
    } while (error == EADDRNOTAVAIL && sources_next(sources, cursor, ++tries));
    return error;
}
