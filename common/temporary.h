/* Where temporary files lie. */
#ifndef IOM_TEMPORARY_H
#define IOM_TEMPORARY_H

#include <stdio.h>
#include <stdlib.h>

/* TMPDIR of the environment (POSIX.1-2017, 8.3) where it is an absolute path: a program that is
 * started with it may run in another directory. Else P_tmpdir of stdio.h. */
static inline const char *temporary_dir(void)
{
    const char *dir = getenv("TMPDIR");
    return dir && dir[0] == '/' ? dir : P_tmpdir;
}

#endif
