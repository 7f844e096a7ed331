/* HTTP/1.x response parser: incremental, strict, no I/O.
 *
 * Bytes may come in any split, one at a time if the network likes. Nothing is allocated as long
 * as each line of the head lies in one piece of input; a line cut in two is kept in a small
 * buffer that grows to HTTP_RESPONSE_LINE_MAX at most. Body bytes are never copied: they are
 * handed out as spans of the caller's input.
 *
 * Framing is RFC 9112: section 2.2 (lines end in CRLF; a bare CR or LF is an error here), 4
 * (status line), 5 (fields; no space before the colon, no folding), 6.3 (length of a body), 7.1
 * (chunked). What a lenient client would guess at is an error with a reason, because a load
 * generator that guesses counts broken answers as good ones. In particular: Content-Length
 * repeated with another value, with a sign or next to Transfer-Encoding; a transfer coding other
 * than "chunked"; chunked in HTTP/1.0. What is wrong and cannot be misread is taken, as other
 * clients do: the same Content-Length again, a status with no space after it, blanks after a
 * chunk's size. Interim answers (1xx) are skipped and counted, except 101: nothing was upgraded.
 *
 * Use:
 *     http_response_init(&r);
 *     http_response_begin(&r, false);
 *     while ((event = http_response_next(&r, &p, end, &body)) == HTTP_RESPONSE_BODY)
 *         ... body.data, body.size ...
 *     DONE: the answer is complete, `p` is where the next one begins; begin again.
 *     MORE: all input was taken, come back with more, or call http_response_eof().
 *     ERROR: r.reason tells why; the connection is of no use any more. */
#ifndef IOM_HTTP_RESPONSE_H
#define IOM_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http_chunked.h"

/* Longest line and longest head (status line, fields, interim heads included) that are read. */
#define HTTP_RESPONSE_LINE_MAX 16384u
#define HTTP_RESPONSE_HEAD_MAX 65536u

enum http_response_event {
    HTTP_RESPONSE_MORE,  /* the answer is not complete; all input was taken */
    HTTP_RESPONSE_BODY,  /* a span of the body; call again */
    HTTP_RESPONSE_DONE,  /* the answer is complete; input after it was left alone */
    HTTP_RESPONSE_ERROR, /* not HTTP; every later call says the same */
};

struct http_response_span {
    const char *data; /* points into the caller's input */
    size_t size;
};

struct http_response_memo;

struct http_response {
    /* To read after BODY or DONE: */
    uint16_t status; /* 200 to 599 */
    uint8_t minor;   /* 0 for HTTP/1.0, 1 for HTTP/1.1 and above */
    bool keep_alive; /* the connection may carry another request after this answer */
    bool has_length; /* there was a Content-Length field; `content_length` is its value */
    bool chunked;
    uint32_t informational; /* interim answers skipped before this one */
    uint64_t content_length;
    uint64_t body_size; /* body bytes handed out so far, chunk framing not counted */
    uint32_t head_size; /* status line and fields, with the heads of interim answers */
    const char *reason; /* after ERROR: the fault, a constant string */

    /* Private: */
    uint8_t state;
    bool head_request;
    bool close_seen, keep_alive_seen;
    uint64_t left; /* of a body with a Content-Length */
    struct http_chunked chunks;
    char *line; /* a line cut by the end of the input */
    uint32_t line_size, line_capacity;
    struct http_response_memo *memo; /* NULL without */
};

/* Longest head that is remembered. */
#define HTTP_RESPONSE_MEMO_MAX 480u

/* The last head that came in one piece, byte by byte, and its parsed form. Servers send the same
 * head again and again. To compare a head with the last one takes a tenth of the time that parsing
 * takes. All zero: nothing is remembered yet. The parsers of one thread may share it. */
struct http_response_memo {
    uint32_t size;
    char head[HTTP_RESPONSE_MEMO_MAX];
    struct http_response parsed;
};

/* Set up `*r` for its first use. */
void http_response_init(struct http_response *r);

/* Expect the answer to a new request. `head_request`: the request's method was HEAD, whose
 * answer has the fields of a body but none (RFC 9112, section 6.3). Keeps the line buffer. */
void http_response_begin(struct http_response *r, bool head_request);

/* Remember heads in `*memo`, which must stay valid; NULL for none. */
static inline void http_response_remember(struct http_response *r,
                                          struct http_response_memo *memo)
{
    r->memo = memo;
}

/* Take input from `*data` up to `end` and move `*data` past what was taken. `*body` is set with
 * HTTP_RESPONSE_BODY, and its size is then never 0. */
enum http_response_event http_response_next(struct http_response *r, const char **data,
                                            const char *end, struct http_response_span *body);

/* The server has closed its side. DONE where that is how the body ends (no Content-Length, not
 * chunked), ERROR with a reason where the answer is cut short. */
enum http_response_event http_response_eof(struct http_response *r);

/* Has any byte of the answer arrived since http_response_begin()? Tells a server that closed in
 * mid-answer from one that closed before it. */
bool http_response_started(const struct http_response *r);

/* Free the line buffer, if there is one. */
void http_response_free(struct http_response *r);

#endif
