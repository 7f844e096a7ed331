#include "servers/drive/needless.h"

#include <sys/epoll.h>

static bool wanted;

const struct option_row needless_options[] = {
    {OPTION_FLAG, 0, "needless-ctl", NULL,
     "make four needless calls of epoll_ctl each time a connection was reported: what programs pay "
     "that register anew for each read and write",
     OPTION_VARIABLE(wanted)},
    {.name = NULL},
};

static bool again(int set, int fd, uint32_t events, void *tag)
{
    struct epoll_event e = {.events = events, .data.ptr = tag};
    return epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL) == 0 &&
           epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) == 0;
}

bool needless_calls(int set, int fd, uint32_t events, void *tag)
{
    return !wanted || (again(set, fd, EPOLLOUT, tag) && again(set, fd, events, tag));
}
