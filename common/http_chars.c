#include "common/http_chars.h"

enum {
    TOKEN = HTTP_IN_TOKEN,
    TARGET = HTTP_IN_TARGET,
    VALUE = HTTP_IN_VALUE,
    NAME = TOKEN | VALUE,
    LINK = TARGET | VALUE,
    ALL = TOKEN | LINK
};

/* Whatever is in a token or in a target may stand in a value too. */
const uint8_t http_classes[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = ALL,
    ['"'] = VALUE,
    ['#'] = NAME, /* a fragment is never sent to a server */
    ['$' ... '\''] = ALL,
    ['(' ... ')'] = LINK,
    ['*' ... '+'] = ALL,
    [','] = LINK,
    ['-' ... '.'] = ALL,
    ['/'] = LINK,
    ['0' ... '9'] = ALL,
    [':' ... ';'] = LINK,
    ['<'] = VALUE,
    ['='] = LINK,
    ['>'] = VALUE,
    ['?' ... '@'] = LINK,
    ['A' ... 'Z'] = ALL,
    ['['] = LINK,
    ['\\'] = VALUE,
    [']'] = LINK,
    ['^'] = NAME,
    ['_'] = ALL,
    ['`'] = NAME,
    ['a' ... 'z'] = ALL,
    ['{'] = VALUE,
    ['|'] = NAME,
    ['}'] = VALUE,
    ['~'] = ALL,
    [0x80 ... 0xff] = VALUE,
};

size_t http_target_length(const char *text)
{
    size_t n = 0;
    while (http_is_target((uint8_t)text[n]))
        n++;
    return n;
}

int http_hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}
