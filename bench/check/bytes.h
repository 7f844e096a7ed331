/* Bytes, as a case writes them and as a transcript shows them.
 *
 *     "text"        these bytes; \r \n \t \0 \" \\ and \xHH stand for bytes that are no text
 *     get /path     a request: GET /path HTTP/1.1, a Host field, an empty line
 *     noise 20k     so many bytes without a pattern, the same each time
 *     100 * ITEM    the item a hundred times
 *
 * Items one after the other are one run of bytes. */
#ifndef IOM_BYTES_H
#define IOM_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
    char *data; /* NULL where they are only counted */
    size_t size;
    size_t room; /* of data */
    bool counted;
};

/* Add a copy of `size` bytes; a zero stands behind them. */
void bytes_add(struct bytes *b, const char *data, size_t size);

/* No case has more. */
enum { BYTES_MAX = 256 << 20 };

/* Read items from `text` to its end; free with bytes_free(). False with one line in `error`. */
bool bytes_parse(const char *text, struct bytes *out, char *error, size_t error_size);

/* Whether bytes_parse() would read it; nothing is made. */
bool bytes_check(const char *text, char *error, size_t error_size);

/* Add the first item of `*text` to `out`; `*text` then is behind the item and the blanks after
 * it. */
bool bytes_parse_item(const char **text, struct bytes *out, char *error, size_t error_size);
void bytes_free(struct bytes *b);

/* The bytes as text in quotes, of which at most `most` are shown. The caller frees it. */
char *bytes_quote(const char *data, size_t size, size_t most);

#endif
