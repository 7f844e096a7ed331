/* A told story as data, for other programs. docs/trace.md says what is in the files. */
#ifndef IOM_TRACE_FILES_H
#define IOM_TRACE_FILES_H

#include "bench/trace/trace.h"

/* A row for each act of a client and for each system call. Ends the program when that fails. */
void trace_csv_write(const char *path, const struct trace *t);

/* The Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing read. Ends the
 * program when that fails. */
void trace_json_write(const char *path, const struct trace *t);

/* What an act is called in both. */
extern const char *const act_names[ACT_KINDS];

#endif
