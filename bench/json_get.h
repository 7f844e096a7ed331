/* Reading numbers out of JSON that another program wrote. */
#ifndef IOM_JSON_GET_H
#define IOM_JSON_GET_H

#include <jansson.h>

/* The number at `object.name`, or at `object.group.name` where `group` is not NULL; NaN where
 * it is missing or null. */
double json_number(const json_t *object, const char *group, const char *name);

/* The text at `object.name`, or `otherwise`. Lives as long as `object`. */
const char *json_text(const json_t *object, const char *name, const char *otherwise);

#endif
