/* strace(1) on a server: how it is started, and what it wrote, read back. */
#ifndef IOM_STRACE_H
#define IOM_STRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STRACE_WORDS = 16 };

/* Fill in what stands before a server's command line, so that strace writes the calls of the server
 * and of all its threads and processes to `path`: for struct server_spec's `wrap`. The server stays
 * the child of who starts it, strace runs beside it (-D). `named`: each descriptor is followed by
 * what it is, a TCP socket by its two addresses (-yy). */
void strace_words(const char *words[STRACE_WORDS], const char *path, bool named);

/* By the clock of which strace tells the time: nanoseconds since 1970. */
int64_t strace_clock(void);

/* A call that has not returned. */
#define STRACE_NEVER INT64_MAX

/* A system call, or a signal that was delivered ("--- SIGCHLD ..."), or the end of a task ("+++
 * exited with 0 +++"): these two have no duration. */
struct strace_call {
    pid_t task;
    int64_t from, to; /* ns after `zero` of strace_read() */
    char *text;       /* as strace writes it, in one piece, without times */
};

struct strace {
    struct strace_call *calls; /* in the order in which they began */
    size_t count;
};

/* Read what strace_words() had written. Times are counted from `zero`, a moment of strace_clock().
 * False with the reason: there is no such file, or no call in it. */
bool strace_read(struct strace *out, const char *path, int64_t zero, char *reason,
                 size_t reason_size);
void strace_free(struct strace *s);

/* Remove the calls for which `keep` says no. */
void strace_keep(struct strace *s, bool (*keep)(const struct strace_call *, const void *),
                 const void *data);

#endif
