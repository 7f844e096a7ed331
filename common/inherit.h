/* What a parent can leave behind for a program that it starts (execve(2), "signal dispositions",
 * "open file descriptors"), put right. */
#ifndef IOM_INHERIT_H
#define IOM_INHERIT_H

#include <stdbool.h>

/* What happens to output whose descriptor the parent closed. A program that lives by its output
 * wants a write to fail (EBADF). A server wants the output to be lost. */
enum inherit_output { INHERIT_FAILS, INHERIT_LOST };

/* Call this at the start of main(). Afterwards:
 * - descriptors 0, 1 and 2 are open, so that no file opened later takes their place. Those that
 *   were closed are on /dev/null;
 * - no signal is blocked;
 * - SIGCHLD is not ignored: waitpid(2) tells how a child ended;
 * - no interval timer of the parent runs, and no signal of one is pending.
 * Ends the program where /dev/null cannot be opened. */
void inherit_clean(enum inherit_output closed);

/* Whether the parent had this program ignore `signal_number`, as nohup(1) does with SIGHUP. */
bool inherit_ignored(int signal_number);

/* Before an exec: close-on-exec for every descriptor from `first` on, and all signals as they are
 * by default. Safe between fork() and exec. */
void inherit_pass_nothing(int first);

#endif
