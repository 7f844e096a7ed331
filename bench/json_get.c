#include "json_get.h"

#include <math.h>

double json_number(const json_t *object, const char *group, const char *name)
{
    const json_t *from = group ? json_object_get(object, group) : object;
    const json_t *value = json_object_get(from, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *json_text(const json_t *object, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : otherwise;
}
