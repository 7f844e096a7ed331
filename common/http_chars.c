#include "common/http_chars.h"

/* In a token and in a target; in a token alone; in a target alone; in a value alone. Whatever
 * is in a token or in a target may stand in a value too. */
enum { TOKEN = 1, TARGET = 2, VALUE = 4, ALL = 7, NAME = TOKEN | VALUE, LINK = TARGET | VALUE };

static const uint8_t class[256] = {
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

bool http_is_token(uint8_t c)
{
    return class[c] & TOKEN;
}

bool http_is_value(uint8_t c)
{
    return class[c] & VALUE;
}

bool http_is_target(uint8_t c)
{
    return class[c] & TARGET;
}

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
