/* The system calls that are counted by name: those with which servers wait, move bytes, accept and
 * hand over work. */
#ifndef IOM_SYSTEM_CALLS_H
#define IOM_SYSTEM_CALLS_H

/* Enumerator, and the name that the kernel has for the call (its tracepoint is sys_enter_NAME).
 * counts.csv has a column for each; new ones are added at the end. */
#define SYSTEM_CALLS(X)                                                                        \
    X(RECVFROM, "recvfrom")                                                                    \
    X(RECVMSG, "recvmsg")                                                                      \
    X(READ, "read")                                                                            \
    X(READV, "readv")                                                                          \
    X(SENDTO, "sendto")                                                                        \
    X(SENDMSG, "sendmsg")                                                                      \
    X(WRITE, "write")                                                                          \
    X(WRITEV, "writev")                                                                        \
    X(SENDFILE, "sendfile64")                                                                  \
    X(EPOLL_WAIT, "epoll_wait")                                                                \
    X(EPOLL_PWAIT, "epoll_pwait")                                                              \
    X(EPOLL_PWAIT2, "epoll_pwait2")                                                            \
    X(EPOLL_CTL, "epoll_ctl")                                                                  \
    X(POLL, "poll")                                                                            \
    X(PPOLL, "ppoll")                                                                          \
    X(SELECT, "select")                                                                        \
    X(PSELECT6, "pselect6")                                                                    \
    X(RT_SIGTIMEDWAIT, "rt_sigtimedwait")                                                      \
    X(IO_URING_ENTER, "io_uring_enter")                                                        \
    X(FUTEX, "futex")                                                                          \
    X(ACCEPT, "accept")                                                                        \
    X(ACCEPT4, "accept4")                                                                      \
    X(CLOSE, "close")                                                                          \
    X(SHUTDOWN, "shutdown")                                                                    \
    X(SETSOCKOPT, "setsockopt")                                                                \
    X(FCNTL, "fcntl")                                                                          \
    X(IOCTL, "ioctl")                                                                          \
    X(SCHED_YIELD, "sched_yield")                                                              \
    X(TIMERFD_SETTIME, "timerfd_settime")                                                      \
    X(MMAP, "mmap")                                                                            \
    X(MUNMAP, "munmap")                                                                        \
    X(CLONE, "clone")                                                                          \
    X(CLONE3, "clone3")                                                                        \
    X(WAIT4, "wait4")

#define SYSTEM_CALL_ENUM(id, name) CALL_##id,
enum system_call { SYSTEM_CALLS(SYSTEM_CALL_ENUM) CALL_COUNT };
#undef SYSTEM_CALL_ENUM

extern const char *const system_call_names[CALL_COUNT];

#endif
