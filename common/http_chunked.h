/* The chunked transfer coding, decoded strictly unless told otherwise (RFC 9112, section 7.1).
 * Chunk extensions and the trailer section are read and dropped. */
#ifndef IOM_HTTP_CHUNKED_H
#define IOM_HTTP_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest size line, and the longest trailer section, in bytes: both are dropped, so
 * nothing but an attack is long. */
#define HTTP_CHUNK_LINE_MAX 4096
#define HTTP_TRAILER_MAX    8192

struct http_chunked {
    /* In a chunk's data: bytes still to come. In a size line: the size as read so far. */
    uint64_t left;
    uint16_t line; /* bytes of this size line or of the trailer section so far */
    uint8_t state;
    /* To set after http_chunked_init(): take blanks between a size and the end of its line, as
     * clients do. A server that took them could be made to misread a body. */
    bool blanks;
};

enum http_chunk {
    HTTP_CHUNK_MORE, /* all input is used up; feed more */
    HTTP_CHUNK_DATA, /* `*data_length` bytes of body lie at `*data`; call again with the rest */
    HTTP_CHUNK_END,  /* the body and its trailer section are complete */
    HTTP_CHUNK_ERROR, /* malformed; nothing after this can be trusted */
};

void http_chunked_init(struct http_chunked *c);

/* Bytes still to come of a chunk whose size line is complete; 0 outside a chunk's data. */
uint64_t http_chunked_announced(const struct http_chunked *c);

/* Decode from `in`. `*used` tells how many bytes were taken (data included). `*data` points
 * into `in`. */
enum http_chunk http_chunked_read(struct http_chunked *c, const uint8_t *in, size_t length,
                                  size_t *used, const uint8_t **data, size_t *data_length);

#endif
