/* From the lines of strace to the calls of a story. */
#ifndef IOM_TRACE_CALLS_H
#define IOM_TRACE_CALLS_H

#include "bench/trace/trace.h"

/* Find the tasks in the whole trace, from before the story to its end. */
void trace_find_tasks(struct trace *t, const struct strace *s);

/* Make `t->calls` of the lines within the story, and name the tasks that did something. */
void trace_make_calls(struct trace *t, const struct strace *s);

#endif
