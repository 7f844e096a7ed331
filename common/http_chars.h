/* Classes of characters in HTTP (RFC 9110, section 5.6.2 and 5.5; RFC 3986, section 2). */
#ifndef IOM_HTTP_CHARS_H
#define IOM_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool http_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* What each character may stand in. */
extern const uint8_t http_classes[256];
enum { HTTP_IN_TOKEN = 1, HTTP_IN_TARGET = 2, HTTP_IN_VALUE = 4 };

/* tchar: what methods and field names are made of. */
static inline bool http_is_token(uint8_t c)
{
    return http_classes[c] & HTTP_IN_TOKEN;
}

/* What may stand in a field's value: visible ASCII, space, tab, and bytes from 0x80 (obs-text). */
static inline bool http_is_value(uint8_t c)
{
    return http_classes[c] & HTTP_IN_VALUE;
}

/* What may stand in a request target: visible ASCII without those that RFC 3986 leaves out. */
static inline bool http_is_target(uint8_t c)
{
    return http_classes[c] & HTTP_IN_TARGET;
}

/* How many characters of `text`, from its beginning, may stand in a request target. */
size_t http_target_length(const char *text);

/* The value of a hexadecimal digit, -1 for any other character. */
int http_hex(uint8_t c);

#endif
