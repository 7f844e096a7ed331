/* The lines of fields in the heads of HTTP/1.x messages, for both parsers (RFC 9110, section 5; RFC
 * 9112, section 5). Nothing is copied and nothing ends in a NUL: a piece of a head is told by where
 * it begins and where it ends. */
#ifndef IOM_HTTP_FIELD_H
#define IOM_HTTP_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct http_text {
    const uint8_t *at, *end;
};

static inline size_t http_size(struct http_text t)
{
    return (size_t)(t.end - t.at);
}

/* Is it `word`, in whatever case? */
static inline bool http_is(struct http_text t, const char *word)
{
    return http_size(t) == strlen(word) &&
           strncasecmp((const char *)t.at, word, strlen(word)) == 0;
}

/* May each of its bytes stand in a value, see http_is_value()? */
bool http_is_text(struct http_text t);

/* Read field-name ":" OWS field-value OWS. Returns NULL, or what is wrong with `line`, a constant
 * string. A line that begins with a blank is wrong: obs-fold, or white space before the first
 * field. */
const char *http_field_read(struct http_text line, struct http_text *name,
                            struct http_text *value);

/* Take the next element of a comma-separated list, without the blanks around it; it may be empty
 * (RFC 9110, section 5.6.1). Returns false where there is none any more. */
bool http_list_next(struct http_text *list, struct http_text *element);

/* Is `word` an element of the list, in whatever case? */
static inline bool http_list_has(struct http_text list, const char *word)
{
    struct http_text element;
    while (http_list_next(&list, &element))
        if (http_is(element, word))
            return true;
    return false;
}

/* Read a Content-Length: 1*DIGIT and nothing else, no sign, no list, no blank within; false for
 * anything else. A length beyond 64 bits is still a length: it becomes the largest one, which
 * every limit refuses (RFC 9110, section 8.6). */
bool http_read_length(struct http_text t, uint64_t *length);

#endif
