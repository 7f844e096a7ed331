#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agenda.h"
#include "common/addr.h"
#include "common/clock.h"
#include "common/err.h"
#include "conn.h"
#include "journal.h"
#include "settings.h"

#define PAUSE_NS (100 * NS_PER_MS)

static struct addr address; /* with the port that the kernel chose */
static int fd = -1;
static int epoll;

static void open_socket(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int on = 1;

    fd = socket(addr_family(&address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die_errno("cannot open a socket");
    /* To get the same port again while connections of it are in TIME_WAIT (socket(7)). */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, addr_sockaddr(&address), address.len) < 0 || listen(fd, SOMAXCONN) < 0) {
        char text[ADDR_TEXT_MAX];
        die_errno("cannot listen on %s", addr_format(&address, text));
    }
    event.data.fd = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die_errno("cannot watch the listening socket");
}

void listener_open(int epoll_fd)
{
    char text[ADDR_TEXT_MAX];

    epoll = epoll_fd;
    address = settings.listen;
    open_socket();
    if (!addr_local(fd, &address))
        die_errno("cannot read the address of the listening socket");
    printf("listening on %s\n", addr_format(&address, text));
    fflush(stdout);
}

int listener_fd(void)
{
    return fd;
}

void listener_accept(void)
{
    int on = 1;

    while (fd >= 0) {
        if (journal.accepted >= settings.accept) {
            /* They stay in the listen queue: as the client sees it, connected. */
            epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
            return;
        }
        int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (conn < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
            return;
        if (conn < 0)
            die_errno("cannot accept a connection");
        /* Each piece of an answer leaves when it is sent. Fails on Unix-domain sockets: they do
         * so anyway. */
        setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        conn_open(conn, epoll);
    }
}

void listener_pause(void)
{
    if (fd < 0)
        return;
    close(fd);
    fd = -1;
    agenda_add((struct entry){.due = clock_ns() + PAUSE_NS, .deed = DEED_LISTEN});
}

void listener_resume(void)
{
    open_socket();
}
