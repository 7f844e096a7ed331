#include "bench/machine/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void *probe_refused(char *why, size_t why_size, const char *what)
{
    snprintf(why, why_size, "%s: %s", what, strerror(errno));
    return NULL;
}
