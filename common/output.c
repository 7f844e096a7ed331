#include "output.h"

#include <errno.h>
#include <stdio.h>

#include "err.h"

void output_finish(void)
{
    /* A stream remembers that a write failed, but not why. */
    int before = ferror(stdout);
    errno = 0;
    if (fflush(stdout) == 0 && !before)
        return;
    if (errno == 0)
        die("cannot write all of standard output");
    die_errno("cannot write to standard output");
}
