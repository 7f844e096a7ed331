#include "bench/base/protocol.h"

#include <string.h>

const char *const protocol_names[PROTOCOL_COUNT] = {"http", "echo"};

bool protocol_parse(const char *text, enum protocol *out)
{
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        if (strcmp(text, protocol_names[p]) == 0) {
            *out = p;
            return true;
        }
    }
    return false;
}
