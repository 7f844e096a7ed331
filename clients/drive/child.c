#include "clients/drive/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

pid_t child_start(void)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1); /* it died before it could be watched */
    }
    return pid;
}
