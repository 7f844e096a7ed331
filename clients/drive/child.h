/* Child processes that end with their parent. */
#ifndef IOM_CHILD_H
#define IOM_CHILD_H

#include <sys/types.h>

/* fork(2), and in the child the system is asked to kill it when its parent dies
 * (PR_SET_PDEATHSIG). The child leaves by _exit(2). */
pid_t child_start(void);

#endif
