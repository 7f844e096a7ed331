#include "common/wide.h"

const char *wide_format(unsigned __int128 value, char text[WIDE_TEXT])
{
    char *at = text + WIDE_TEXT - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    return at;
}

bool wide_parse(const char *text, unsigned __int128 *value)
{
    unsigned __int128 sum = 0;

    if (*text == '\0')
        return false;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(sum, (unsigned __int128)10, &sum) ||
            __builtin_add_overflow(sum, (unsigned __int128)(*text - '0'), &sum))
            return false;
    *value = sum;
    return *text == '\0';
}
