#include "common/http_chunked.h"

#include <stdbool.h>
#include <string.h>

#include "common/http_chars.h"

enum state {
    SIZE_FIRST,  /* the first digit of a size: there must be one */
    SIZE,        /* further digits */
    BLANK,       /* white space after the size, which ';' must follow, unless `blanks` */
    EXTENSION,   /* after ';' */
    SIZE_LF,     /* the LF of the size line */
    DATA,        /* `left` bytes of body */
    DATA_CR,     /* the CRLF after them */
    DATA_LF,     /* */
    TRAILER,     /* at the start of a trailer line */
    TRAILER_ANY, /* within one, before its colon */
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF, /* the LF of the empty line that ends it all */
    END,
};

void http_chunked_init(struct http_chunked *c)
{
    *c = (struct http_chunked){.state = SIZE_FIRST};
}

uint64_t http_chunked_announced(const struct http_chunked *c)
{
    return c->state == DATA ? c->left : 0;
}

static bool size_digit(struct http_chunked *c, int digit)
{
    if (c->left > UINT64_MAX >> 4)
        return false;
    c->left = c->left << 4 | (unsigned)digit;
    return true;
}

static bool after_size(struct http_chunked *c, uint8_t byte)
{
    if (byte == '\r')
        c->state = SIZE_LF;
    else if (byte == ';')
        c->state = EXTENSION;
    else if (byte == ' ' || byte == '\t')
        c->state = BLANK;
    else
        return false;
    return true;
}

static bool size_line(struct http_chunked *c, uint8_t byte)
{
    int digit = http_hex(byte);
    if (++c->line > HTTP_CHUNK_LINE_MAX)
        return false;

    switch (c->state) {
    case SIZE_FIRST:
        c->state = SIZE;
        return digit >= 0 && size_digit(c, digit);
    case SIZE:
        return digit >= 0 ? size_digit(c, digit) : after_size(c, byte);
    case BLANK:
        return (byte != '\r' || c->blanks) && after_size(c, byte);
    case EXTENSION:
        if (byte == '\r')
            c->state = SIZE_LF;
        return byte == '\r' || http_is_value(byte);
    default: /* SIZE_LF */
        c->state = c->left ? DATA : TRAILER;
        c->line = 0;
        return byte == '\n';
    }
}

static bool trailer(struct http_chunked *c, uint8_t byte)
{
    if (++c->line > HTTP_TRAILER_MAX)
        return false;

    switch (c->state) {
    case TRAILER:
        c->state = byte == '\r' ? END_LF : TRAILER_ANY;
        return byte == '\r' || http_is_token(byte);
    case TRAILER_ANY:
        if (byte == ':')
            c->state = TRAILER_VALUE;
        return byte == ':' || http_is_token(byte);
    case TRAILER_VALUE:
        if (byte == '\r')
            c->state = TRAILER_LF;
        return byte == '\r' || http_is_value(byte);
    case TRAILER_LF:
        c->state = TRAILER;
        return byte == '\n';
    default: /* END_LF */
        c->state = END;
        return byte == '\n';
    }
}

static bool feed_byte(struct http_chunked *c, uint8_t byte)
{
    switch (c->state) {
    case DATA_CR:
        c->state = DATA_LF;
        return byte == '\r';
    case DATA_LF:
        c->state = SIZE_FIRST;
        c->left = 0;
        return byte == '\n';
    case SIZE_FIRST:
    case SIZE:
    case BLANK:
    case EXTENSION:
    case SIZE_LF:
        return size_line(c, byte);
    default:
        return trailer(c, byte);
    }
}

enum http_chunk http_chunked_read(struct http_chunked *c, const uint8_t *in, size_t length,
                                  size_t *used, const uint8_t **data, size_t *data_length)
{
    size_t i = 0;

    while (c->state != END && i < length) {
        if (c->state == DATA) {
            size_t n = length - i < c->left ? length - i : (size_t)c->left;
            *data = in + i;
            *data_length = n;
            *used = i + n;
            c->left -= n;
            if (c->left == 0)
                c->state = DATA_CR;
            return HTTP_CHUNK_DATA;
        }
        if (!feed_byte(c, in[i++])) {
            *used = i;
            return HTTP_CHUNK_ERROR;
        }
    }
    *used = i;
    return c->state == END ? HTTP_CHUNK_END : HTTP_CHUNK_MORE;
}
