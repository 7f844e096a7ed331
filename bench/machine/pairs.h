/* Connections over loopback whose two ends are both here. */
#ifndef IOM_PAIRS_H
#define IOM_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

/* A listening TCP socket on 127.0.0.1, with TCP_NODELAY for what it accepts; -1 with errno. */
int pairs_listen(int backlog);

/* A connected socket to what `listener` listens on; -1 with errno. */
int pairs_connect(int listener);

/* Close with a reset, which leaves no port in TIME_WAIT: a run that follows needs the ports. */
void pairs_reset(int fd);

struct pairs {
    size_t count;
    int (*fds)[2]; /* the two ends of each */
};

/* Open `count` of them, all with TCP_NODELAY. False with errno, and nothing is left open. */
bool pairs_open(struct pairs *p, size_t count);
void pairs_close(struct pairs *p);

#endif
