/* A told story on the terminal. */
#ifndef IOM_TRACE_TEXT_H
#define IOM_TRACE_TEXT_H

#include <stdio.h>

#include "bench/trace/rows.h"

void trace_tell(FILE *f, const struct trace *t, const struct rows *r);

#endif
