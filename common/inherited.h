/* What a process has from its parent besides arguments and environment (execve(2)): descriptors,
 * the signal mask, ignored signals, interval timers. A program that relies on any of them sets it
 * first. */
#ifndef IOM_INHERITED_H
#define IOM_INHERITED_H

/* To be called before anything else in main(). Afterwards
 * - descriptors 0, 1 and 2 are open, on /dev/null where they were closed: else a socket would get
 *   the number of standard output, and what is printed would go to a client;
 * - no signal is blocked;
 * - SIGCHLD is not ignored: else children are reaped by the kernel, and waitpid(2) finds none;
 * - no interval timer runs: it survives execve(2), and its SIGALRM would come as if it was ours.
 * Other ignored signals are left as they are: nohup(1) means it so. Ends the program with status 1
 * where /dev/null cannot be opened. */
void inherited_reset(void);

#endif
