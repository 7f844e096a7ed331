/* Does reading the clock enter the kernel? */
#ifndef IOM_CLOCK_CALL_H
#define IOM_CLOCK_CALL_H

#include <stdbool.h>

/* Whether clock_gettime(CLOCK_MONOTONIC) is a system call here: vdso(7) answers by itself only with
 * a clock source that user space can read. A child that may make no system call (seccomp(2), strict
 * mode) reads the clock; the kernel kills the child if the reading is one. Where there is no such
 * mode `guess` is returned. */
bool clock_is_system_call(bool guess);

#endif
