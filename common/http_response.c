#include "common/http_response.h"

#include <stdlib.h>
#include <string.h>

#include "common/http_chars.h"
#include "common/http_field.h"

enum state { STATUS_LINE, FIELD, BODY_LENGTH, BODY_TO_EOF, BODY_CHUNKED, DONE, FAILED };

/* What a line led to. */
enum line_result { LINE_NEXT, LINE_HEAD_END, LINE_MESSAGE_END, LINE_BAD };

static enum http_response_event fail(struct http_response *r, const char *reason)
{
    r->reason = reason;
    r->state = FAILED;
    return HTTP_RESPONSE_ERROR;
}

static enum line_result bad(struct http_response *r, const char *reason)
{
    fail(r, reason);
    return LINE_BAD;
}

void http_response_init(struct http_response *r)
{
    memset(r, 0, sizeof *r);
}

/* What a final head after an interim one starts from again. */
static void begin_head(struct http_response *r)
{
    r->state = STATUS_LINE;
    r->status = 0;
    r->minor = 1;
    r->keep_alive = false;
    r->has_length = false;
    r->chunked = false;
    r->close_seen = false;
    r->keep_alive_seen = false;
    r->content_length = 0;
}

void http_response_begin(struct http_response *r, bool head_request)
{
    begin_head(r);
    r->head_request = head_request;
    r->informational = 0;
    r->body_size = 0;
    r->head_size = 0;
    r->left = 0;
    r->reason = NULL;
    r->line_size = 0;
}

void http_response_free(struct http_response *r)
{
    free(r->line);
    r->line = NULL;
    r->line_size = r->line_capacity = 0;
}

bool http_response_started(const struct http_response *r)
{
    return r->state != STATUS_LINE || r->head_size > 0 || r->line_size > 0;
}

/* "HTTP/1.1 200 OK": HTTP-version SP 3DIGIT SP [ reason-phrase ]. */
static enum line_result status_line(struct http_response *r, struct http_text line)
{
    const uint8_t *p = line.at;
    size_t n = http_size(line);
    if (n < 8 || memcmp(p, "HTTP/1.", 7) != 0 || !http_is_digit(p[7]))
        return bad(r, "status line does not begin with HTTP/1.x");
    /* The space before a reason that is empty is left out by some, though it should not be. */
    if (n < 12 || p[8] != ' ' || !http_is_digit(p[9]) || !http_is_digit(p[10]) ||
        !http_is_digit(p[11]) || (n > 12 && p[12] != ' '))
        return bad(r, "status line without a space and a three-digit status after the version");
    if (!http_is_text((struct http_text){p + 12, line.end}))
        return bad(r, "control character in the reason phrase");
    r->minor = p[7] == '0' ? 0 : 1;
    r->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
    if (r->status < 100 || r->status > 599)
        return bad(r, "status outside 100 to 599");
    r->state = FIELD;
    return LINE_NEXT;
}

/* The same length said several times, in one field or in many, is taken once (RFC 9110, section
 * 8.6). */
static enum line_result content_length(struct http_response *r, struct http_text list)
{
    struct http_text one;
    uint64_t value;

    while (http_list_next(&list, &one)) {
        bool number = http_read_length(one, &value);
        if (!number && one.at < one.end)
            return bad(r, "Content-Length is not a plain decimal number");
        if (!number || value > INT64_MAX)
            return bad(r, "Content-Length is not a number that fits");
        if (r->has_length && r->content_length != value)
            return bad(r, "more than one Content-Length, and they differ");
        r->has_length = true;
        r->content_length = value;
    }
    return LINE_NEXT;
}

/* Only Connection, Content-Length and Transfer-Encoding say anything about framing. */
static enum line_result field_line(struct http_response *r, struct http_text line)
{
    struct http_text name, value;
    const char *wrong = http_field_read(line, &name, &value);

    if (wrong)
        return bad(r, wrong);
    if (http_is(name, "content-length"))
        return content_length(r, value);
    if (http_is(name, "connection")) {
        r->close_seen |= http_list_has(value, "close");
        r->keep_alive_seen |= http_list_has(value, "keep-alive");
    } else if (http_is(name, "transfer-encoding")) {
        if (r->chunked || !http_is(value, "chunked"))
            return bad(r, "transfer coding other than one \"chunked\"");
        r->chunked = true;
    }
    return LINE_NEXT;
}

/* The empty line: how does the body end? RFC 9112, section 6.3. */
static enum line_result head_end(struct http_response *r)
{
    if (r->chunked && r->has_length)
        return bad(r, "both Transfer-Encoding and Content-Length");
    if (r->chunked && r->minor == 0)
        return bad(r, "Transfer-Encoding in HTTP/1.0");
    if (r->status == 101)
        return bad(r, "protocol switched without being asked");
    if (r->status < 200) {
        r->informational++;
        begin_head(r);
        return LINE_NEXT;
    }
    r->keep_alive = !r->close_seen && (r->minor > 0 || r->keep_alive_seen);
    if (r->head_request || r->status == 204 || r->status == 304)
        return LINE_MESSAGE_END;
    if (r->chunked) {
        r->state = BODY_CHUNKED;
        http_chunked_init(&r->chunks);
        r->chunks.blanks = true;
    } else if (r->has_length) {
        r->state = BODY_LENGTH;
        r->left = r->content_length;
        if (r->left == 0)
            return LINE_MESSAGE_END;
    } else {
        r->state = BODY_TO_EOF;
        r->keep_alive = false;
    }
    return LINE_HEAD_END;
}

/* One whole line; `end` is where its LF stands. */
static enum line_result feed_line(struct http_response *r, const char *p, const char *end)
{
    if (end == p || end[-1] != '\r')
        return bad(r, "line ends in a bare LF");
    struct http_text line = {(const uint8_t *)p, (const uint8_t *)end - 1};
    r->head_size += (uint32_t)http_size(line) + 2;
    if (r->head_size > HTTP_RESPONSE_HEAD_MAX)
        return bad(r, "head too large");

    if (r->state == STATUS_LINE)
        return status_line(r, line);
    return line.at == line.end ? head_end(r) : field_line(r, line);
}

/* Keep a piece of a line until the rest comes. A server that speaks something else is found at
 * its first bytes: it might never send an LF. */
static bool keep(struct http_response *r, const char *p, size_t size)
{
    if (r->line_size + size > HTTP_RESPONSE_LINE_MAX) {
        fail(r, "line too long");
        return false;
    }
    if (r->line_size + size > r->line_capacity) {
        uint32_t capacity = r->line_capacity ? r->line_capacity : 128;
        while (capacity < r->line_size + size)
            capacity *= 2;
        char *line = realloc(r->line, capacity);
        if (!line) {
            fail(r, "out of memory");
            return false;
        }
        r->line = line;
        r->line_capacity = capacity;
    }
    if (size > 0)
        memcpy(r->line + r->line_size, p, size);
    r->line_size += (uint32_t)size;
    if (r->state == STATUS_LINE) {
        size_t known = r->line_size < 7 ? r->line_size : 7;
        if (memcmp(r->line, "HTTP/1.", known) != 0) {
            fail(r, "status line does not begin with HTTP/1.x");
            return false;
        }
    }
    return true;
}

/* Lines until the body begins, the message ends, or the input does. */
static enum http_response_event lines(struct http_response *r, const char **data,
                                      const char *end)
{
    const char *p = *data;
    enum line_result result = LINE_NEXT;

    while (result == LINE_NEXT && p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        const char *stop = lf ? lf : end;
        if (r->line_size > 0 || !lf) {
            if (!keep(r, p, (size_t)(stop - p)))
                return HTTP_RESPONSE_ERROR;
            if (lf) {
                result = feed_line(r, r->line, r->line + r->line_size);
                r->line_size = 0;
            }
        } else if ((size_t)(lf - p) > HTTP_RESPONSE_LINE_MAX) {
            return fail(r, "line too long");
        } else {
            result = feed_line(r, p, lf);
        }
        p = lf ? lf + 1 : end;
    }
    *data = p;
    if (result == LINE_BAD)
        return HTTP_RESPONSE_ERROR;
    if (result == LINE_MESSAGE_END) {
        r->state = DONE;
        return HTTP_RESPONSE_DONE;
    }
    return HTTP_RESPONSE_MORE;
}

/* Hand out body bytes, at most as many as are left. */
static enum http_response_event span(struct http_response *r, const char **data,
                                     const char *end, struct http_response_span *body)
{
    size_t size = (size_t)(end - *data);
    if (r->state != BODY_TO_EOF) {
        if (size > r->left)
            size = (size_t)r->left;
        r->left -= size;
    }
    body->data = *data;
    body->size = size;
    *data += size;
    r->body_size += size;
    if (r->state == BODY_LENGTH && r->left == 0)
        r->state = DONE;
    return HTTP_RESPONSE_BODY;
}

static enum http_response_event chunks(struct http_response *r, const char **data,
                                       const char *end, struct http_response_span *body)
{
    const uint8_t *bytes = NULL;
    size_t used = 0;
    size_t size = 0;
    enum http_chunk event = http_chunked_read(&r->chunks, (const uint8_t *)*data,
                                              (size_t)(end - *data), &used, &bytes, &size);
    *data += used;
    switch (event) {
    case HTTP_CHUNK_DATA:
        body->data = (const char *)bytes;
        body->size = size;
        r->body_size += size;
        return HTTP_RESPONSE_BODY;
    case HTTP_CHUNK_END:
        r->state = DONE;
        return HTTP_RESPONSE_DONE;
    case HTTP_CHUNK_ERROR:
        return fail(r, "malformed chunked body");
    default:
        return HTTP_RESPONSE_MORE;
    }
}

/* Take a head that is equal to the one before, from its first byte on. */
static bool recall(struct http_response *r, const char **data, const char *end)
{
    const struct http_response_memo *memo = r->memo;

    if (memo->size == 0 || (size_t)(end - *data) < memo->size ||
        r->head_request != memo->parsed.head_request ||
        memcmp(*data, memo->head, memo->size) != 0)
        return false;
    struct http_response now = memo->parsed;
    now.line = r->line;
    now.line_capacity = r->line_capacity;
    now.memo = r->memo;
    *r = now;
    *data += memo->size;
    return true;
}

/* The head `begin` to `end` was parsed: remember it. Not one with interim heads before it. */
static void memorize(struct http_response *r, const char *begin, const char *end)
{
    size_t size = (size_t)(end - begin);

    if (size > HTTP_RESPONSE_MEMO_MAX || r->state < BODY_LENGTH || r->state > DONE ||
        r->informational > 0)
        return;
    r->memo->size = (uint32_t)size;
    memcpy(r->memo->head, begin, size);
    r->memo->parsed = *r;
}

/* The whole head, or the part of it that has come. */
static enum http_response_event read_head(struct http_response *r, const char **data,
                                          const char *end)
{
    const char *begin = *data;

    if (!r->memo || http_response_started(r))
        return lines(r, data, end);
    if (recall(r, data, end))
        return r->state == DONE ? HTTP_RESPONSE_DONE : HTTP_RESPONSE_MORE;
    enum http_response_event event = lines(r, data, end);
    memorize(r, begin, *data);
    return event;
}

enum http_response_event http_response_next(struct http_response *r, const char **data,
                                            const char *end, struct http_response_span *body)
{
    enum http_response_event event = HTTP_RESPONSE_MORE;

    if (r->state == STATUS_LINE || r->state == FIELD) {
        event = read_head(r, data, end);
        if (event != HTTP_RESPONSE_MORE)
            return event;
    }
    switch (r->state) {
    case DONE:
        return HTTP_RESPONSE_DONE;
    case FAILED:
        return HTTP_RESPONSE_ERROR;
    case BODY_CHUNKED:
        return *data < end ? chunks(r, data, end, body) : HTTP_RESPONSE_MORE;
    case BODY_LENGTH:
    case BODY_TO_EOF:
        return *data < end ? span(r, data, end, body) : HTTP_RESPONSE_MORE;
    default:
        return HTTP_RESPONSE_MORE;
    }
}

enum http_response_event http_response_eof(struct http_response *r)
{
    switch (r->state) {
    case DONE:
        return HTTP_RESPONSE_DONE;
    case FAILED:
        return HTTP_RESPONSE_ERROR;
    case BODY_TO_EOF:
        r->state = DONE;
        return HTTP_RESPONSE_DONE;
    case STATUS_LINE:
    case FIELD:
        return fail(r, http_response_started(r) ? "closed in the middle of the head"
                                                : "closed before the answer");
    default:
        return fail(r, "closed in the middle of the body");
    }
}
