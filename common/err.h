/* Errors that end a program.
 *
 * Two kinds, told apart by the exit status: a usage error (the command line is wrong; exit 2,
 * with a hint to --help) and a set-up error (the system refused something; exit 1). An error on
 * one connection is neither: it is counted and the program goes on. */
#ifndef IOM_ERR_H
#define IOM_ERR_H

#define EXIT_USAGE 2

/* Remember the name that error lines begin with: the last component of argv0. The string must
 * live as long as the program. */
void err_set_program(const char *argv0);
const char *err_program(void);

/* Remember the subcommand whose --help the hint of die_usage() names. */
void err_set_command(const char *name);

/* One line "PROGRAM: message" to stderr, exit status 1. die_errno() adds ": " and the reason
 * that errno holds when it is called. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line "PROGRAM: message" and one with a hint to --help, both to stderr, exit status 2. */
_Noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line "PROGRAM: message" to stderr; the program goes on. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* malloc, calloc, realloc and strdup that never return NULL: where memory for set-up is refused
 * there is nothing to go on with. Code that serves connections uses the plain ones and turns a
 * failure into a refused connection. */
void *xmalloc(unsigned long size);
void *xcalloc(unsigned long count, unsigned long size);
void *xrealloc(void *old, unsigned long size);
char *xstrdup(const char *text);

#endif
