/* The protocols that servers speak and trials measure. */
#ifndef IOM_PROTOCOL_H
#define IOM_PROTOCOL_H

#include <stdbool.h>

enum protocol { PROTOCOL_HTTP, PROTOCOL_ECHO, PROTOCOL_COUNT };

extern const char *const protocol_names[PROTOCOL_COUNT];

/* Returns false, and sets nothing, where `text` names no protocol. */
bool protocol_parse(const char *text, enum protocol *out);

#endif
