/* What cmocka.h wants before it, and cmocka. */
#ifndef IOM_UNIT_H
#define IOM_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/temporary.h"

/* A path for mkstemp() or mkdtemp(), where the user wants temporary files (TMPDIR). */
static inline void unit_temporary(char *path, size_t size)
{
    snprintf(path, size, "%s/iomodels-unit-XXXXXX", temporary_dir());
}

#endif
