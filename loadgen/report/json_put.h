/* Building JSON objects: each function puts one value under `key`, and ends the program where
 * memory is out. */
#ifndef IOM_JSON_PUT_H
#define IOM_JSON_PUT_H

#include <jansson.h>
#include <stdint.h>

#include "common/err.h"

/* The reference to `value` goes over. */
static inline void put(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) < 0)
        die("out of memory for the JSON report");
}

static inline void put_count(json_t *object, const char *key, uint64_t value)
{
    put(object, key, json_integer((json_int_t)value));
}

static inline void put_real(json_t *object, const char *key, double value)
{
    put(object, key, json_real(value));
}

#endif
