/* A server with holes. Fill them, one level of `iomodels check` after the other.
 *
 *     cc -Wall -Wextra -o server server.c
 *     iomodels check './server {port} {protocol} {idle}'
 *
 * The program listens, and accepts a client. It does nothing for the client yet. README.md beside
 * this file says what each level wants. Where a hole asks for another structure, change all you
 * like: only what clients see is graded. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One client. */
struct connection {
    int fd;
    /* HOLE, level 2: what has to be remembered of a client while another is served?
     * HOLE, level 4: what was read and is no whole request yet; what is still to be sent.
     * HOLE, level 8: since when has the client been silent? */
};

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 512) != 0) {
        perror("cannot listen");
        exit(1);
    }
    return fd;
}

static void serve_echo(struct connection *c)
{
    (void)c;
    /* HOLE, level 1: send back what recv() returns, until recv() returns 0.
     * HOLE, level 3: recv() and send() fail when the client has gone. The server must go on.
     * HOLE, level 4: send() can take less than it was given. */
}

static void serve_http(struct connection *c)
{
    (void)c;
    /* HOLE, level 1: read until the empty line; answer GET / with 200 and a text, and any other
     * path with 404. Say by Content-Length how long the text is.
     * HOLE, level 6: the next request on the same connection, which may have come already.
     * HOLE, level 7: refuse what is no request with 400, then close. */
}

/* HOLE, level 2: this waits for one client until it has left. Make a process or a thread for each
 * client, or wait for all clients in one poll().
 * HOLE, level 5: what does accept() return when there are no descriptors left?
 * HOLE, level 8: what ends this loop? */
static void run(int listener, bool http)
{
    for (;;) {
        struct connection c = {.fd = accept(listener, NULL, NULL)};
        if (http)
            serve_http(&c);
        else
            serve_echo(&c);
        close(c.fd);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: server PORT http|echo [IDLE-SECONDS]\n");
        return 2;
    }
    run(listen_on(atoi(argv[1])), strcmp(argv[2], "http") == 0);
}
