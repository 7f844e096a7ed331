/* The head of an HTTP/1.x request, read strictly (RFC 9112).
 *
 * Strict means: where two readers could disagree about where a message ends, the message is
 * refused instead of repaired, because that disagreement is how requests are smuggled past a
 * proxy. Refused are: a line that ends in a bare LF, a bare CR, obs-fold, white space before
 * the colon or before the first field, NUL and other control characters, Content-Length that is
 * repeated or is anything but digits, Transfer-Encoding beside Content-Length or in HTTP/1.0.
 *
 * The reader is fed the same growing run of bytes again and again and goes on where it stopped,
 * so a head that arrives byte by byte costs no more than one that arrives whole. It allocates
 * nothing and keeps no pointer: what it found is given as offsets from the first byte of the
 * head. */
#ifndef IOM_HTTP_REQUEST_H
#define IOM_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest head that is read: request line, fields and the empty line. A longer request line
 * is answered with 414, a longer head with 431 (RFC 9110, section 15.5.15; RFC 6585, section
 * 5). */
#define HTTP_HEAD_MAX 8192

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_PATCH,
    HTTP_TRACE,
    HTTP_UNKNOWN, /* a well-formed token that is none of the above: 501 */
};

enum http_framing {
    HTTP_NO_BODY,
    HTTP_LENGTH,  /* content_length bytes follow the head */
    HTTP_CHUNKED, /* chunks follow the head: http_chunked.h */
};

struct http_slice {
    uint16_t offset; /* from the first byte of the head */
    uint16_t length;
};

struct http_request {
    /* Valid after HTTP_DONE. */
    enum http_method method;
    enum http_framing framing;
    uint64_t content_length;
    struct http_slice path;         /* the target's path, without scheme, authority and query */
    struct http_slice content_type; /* length 0 where there was none */
    uint16_t head_length;           /* bytes up to and with the empty line */
    bool http_1_0;
    bool keep_alive; /* the client lets the connection stay open */
    bool asterisk;   /* the target is "*" (OPTIONS only) */
    bool expect_100; /* "Expect: 100-continue", from an HTTP/1.1 client */

    /* Valid after HTTP_ERROR: the status code to answer with; the connection cannot go on. */
    int status;

    /* The reader's own. */
    uint16_t line; /* where the line that is not yet complete begins */
    uint16_t seen; /* bytes of it that hold no LF */
    bool have_request_line, have_host, have_length, have_encoding;
    bool says_close, says_keep_alive, bad_expectation;
};

enum http_progress { HTTP_MORE, HTTP_DONE, HTTP_ERROR };

void http_request_init(struct http_request *r);

/* Read on. `head` is the first byte of the request and `length` all that has arrived from there
 * (it may hold the body and further requests). The bytes of earlier calls must be unchanged;
 * where they lie in memory may have changed. Empty lines before a request are skipped (RFC
 * 9112, section 2.2) and count as part of its head. */
enum http_progress http_request_read(struct http_request *r, const uint8_t *head,
                                     size_t length);

#endif
