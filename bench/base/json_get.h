/* Reading numbers out of JSON that another program wrote, and writing one's own. */
#ifndef IOM_JSON_GET_H
#define IOM_JSON_GET_H

#include <jansson.h>

/* The number at `object.name`, or at `object.group.name` where `group` is not NULL; NaN where
 * it is missing or null. */
double json_number(const json_t *object, const char *group, const char *name);

/* `value` itself; ends the program where it is NULL, which is how jansson says that a text is not
 * UTF-8 or that there is no memory. `what` names what could not be written down. */
json_t *json_checked(json_t *value, const char *what);

/* A text, or null where it is NULL, empty or not UTF-8. */
json_t *json_text_or_null(const char *text);

/* The text at `object.name`, or `otherwise`. Lives as long as `object`. */
const char *json_text(const json_t *object, const char *name, const char *otherwise);

#endif
