/* strace tells when a call began, and how long it lasted from when strace had read its arguments.
 * So the end of a call is told too early, by what the reading took. A call that took bytes did not
 * end before they were sent: by that the ends are put right. */
#ifndef IOM_TRACE_CAUSES_H
#define IOM_TRACE_CAUSES_H

#include "bench/trace/trace.h"

/* Move the ends of `t->calls`, which stand in the order of their ends and will again. A call that
 * took bytes, a connection or the end of one, and the wait before it, ends after the act of the
 * client that it answers to. */
void trace_respect_causes(struct trace *t);

/* In the order of the ends. */
void trace_sort_calls(struct trace *t);

#endif
