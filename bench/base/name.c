#include "bench/base/name.h"

#include <jansson.h>
#include <string.h>

const char name_rule[] =
    "a name has 1 to 47 bytes of UTF-8, no space, comma, quote, '/', '>' or control character, "
    "and is not 'all' or 'none'";

static bool is_text(const char *name)
{
    json_t *json = json_string(name);
    json_decref(json);
    return json != NULL;
}

bool name_is_good(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > NAME_BYTES_MAX || strpbrk(name, " ,\"'/>") || !is_text(name))
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        /* C0 and DEL; and C1, which UTF-8 writes as C2 80 to C2 9F. */
        if (c < ' ' || c == 0x7F || (c == 0xC2 && (unsigned char)name[i + 1] < 0xA0))
            return false;
    }
    return strcmp(name, "all") != 0 && strcmp(name, "none") != 0;
}
