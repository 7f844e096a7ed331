#include "output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

static void check(void)
{
    bool lost = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) == 0 && !lost)
        return;
    warn("cannot write to standard output%s%s", errno ? ": " : "",
         errno ? strerror(errno) : "");
    _exit(EXIT_FAILURE);
}

void output_check_at_exit(void)
{
    if (atexit(check) != 0)
        die("cannot have standard output checked at the end");
}
