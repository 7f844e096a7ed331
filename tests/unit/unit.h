/* What cmocka.h wants before it, and cmocka. */
#ifndef IOM_UNIT_H
#define IOM_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
