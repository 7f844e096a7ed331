/* Descriptors as strace writes them, "7<TCP:[127.0.0.1:8080->127.0.0.1:40312]>", by the names of
 * the story. */
#ifndef IOM_TRACE_NAMES_H
#define IOM_TRACE_NAMES_H

#include "bench/trace/play.h"
#include "bench/trace/script.h"

/* `text` of strace -yy with each descriptor replaced by a name: the client's letter, "listen",
 * "epoll", "eventfd", "ring", "pipe", or what strace calls it. What stands in quotes is left alone.
 * The caller frees the text. */
char *names_put(const char *text, const struct script *script, const struct played *played);

#endif
