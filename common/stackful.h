/* Coroutines: functions that stop in the middle and go on later, each on a stack of its own.
 *
 * The loop resumes a coroutine, the coroutine runs until it yields or returns, and the loop goes
 * on. Coroutines belong to one thread, the only one that calls these functions. A coroutine does
 * not resume another. */
#ifndef IOM_COROUTINE_H
#define IOM_COROUTINE_H

#include <stdbool.h>

struct coroutine;

/* How one stack is left for another. */
enum coroutine_switch {
    /* A dozen instructions (switch.S) that save what a called function has to keep (System V ABI,
     * AAPCS64): built for x86-64 and AArch64. */
    SWITCH_ASM,
    /* swapcontext(3): any machine; and a system call each time (rt_sigprocmask), as a context has a
     * signal mask. */
    SWITCH_UCONTEXT,
};

/* The fastest that is built; another one can be set before the first coroutine is made. False where
 * it is not built. */
bool coroutine_use(enum coroutine_switch how);

/* A coroutine that will run `run(argument)` when it is resumed first. NULL when memory or mappings
 * are out. */
struct coroutine *coroutine_new(void (*run)(void *argument), void *argument);

/* Run a coroutine until it yields or returns. False when it has returned: it is freed then. */
bool coroutine_resume(struct coroutine *c);

/* Back to the code that resumed this coroutine. Returns when the coroutine is resumed. */
void coroutine_yield(void);

/* Free a coroutine that was never resumed. */
void coroutine_drop(struct coroutine *c);

#endif
