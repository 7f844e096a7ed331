#include "common/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

void output_finish(void)
{
    /* A stream remembers that a write failed, but not why. */
    bool lost = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !lost)
        return;
    warn("cannot write to standard output%s%s", errno ? ": " : "",
         errno ? strerror(errno) : "");
    _exit(EXIT_FAILURE); /* not exit(): exit() may have called this */
}

void output_check_at_exit(void)
{
    if (atexit(output_finish) != 0)
        die("cannot have standard output checked at the end");
}
