#include "servers/app/crash.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

void crash(void)
{
    /* A fault is not blocked and not ignored, whatever the thread's mask says (the threads of
     * workers.c block all signals), and no handler of a sanitizer is to see it. */
    sigset_t fault;
    sigemptyset(&fault);
    sigaddset(&fault, SIGSEGV);
    signal(SIGSEGV, SIG_DFL);
    /* RLIMIT_CORE does not keep a core from a program that core_pattern names. */
    prctl(PR_SET_DUMPABLE, 0);
    pthread_sigmask(SIG_UNBLOCK, &fault, NULL);
    raise(SIGSEGV);
    abort();
}
