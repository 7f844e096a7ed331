#include "bench/base/json_get.h"

#include <math.h>

#include "common/err.h"

double json_number(const json_t *object, const char *group, const char *name)
{
    const json_t *from = group ? json_object_get(object, group) : object;
    const json_t *value = json_object_get(from, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

json_t *json_checked(json_t *value, const char *what)
{
    if (!value)
        die("cannot write down %s: a text of it is not UTF-8", what);
    return value;
}

json_t *json_text_or_null(const char *text)
{
    json_t *json = text && text[0] ? json_string(text) : NULL;
    return json ? json : json_null();
}

const char *json_text(const json_t *object, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : otherwise;
}
