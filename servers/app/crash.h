/* The end of a process by a fault in it, on purpose. */
#ifndef IOM_CRASH_H
#define IOM_CRASH_H

/* End this process as a wild pointer does: by SIGSEGV, in the middle of what it does. Nothing is
 * sent, closed or counted before; what the process held the kernel takes back. No core is written,
 * neither to a file nor to a program (core(5)). */
_Noreturn void crash(void);

#endif
