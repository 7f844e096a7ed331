#include "common/http_request.h"

#include <string.h>
#include <strings.h>

#include "common/http_chars.h"

static enum http_progress refuse(struct http_request *r, int status)
{
    r->status = status;
    return HTTP_ERROR;
}

void http_request_init(struct http_request *r)
{
    memset(r, 0, sizeof *r);
}

static bool is(const uint8_t *text, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp((const char *)text, word, n) == 0;
}

/* Does the comma-separated list hold `word`? (RFC 9110, section 5.6.1) */
static bool list_has(const uint8_t *list, size_t n, const char *word)
{
    const uint8_t *end = list + n;
    while (list < end) {
        const uint8_t *comma = memchr(list, ',', (size_t)(end - list));
        const uint8_t *stop = comma ? comma : end;
        const uint8_t *last = stop;
        while (list < last && (*list == ' ' || *list == '\t'))
            list++;
        while (last > list && (last[-1] == ' ' || last[-1] == '\t'))
            last--;
        if (is(list, (size_t)(last - list), word))
            return true;
        list = stop + 1;
    }
    return false;
}

static enum http_method method_of(const uint8_t *text, size_t n)
{
    static const struct {
        const char *name;
        enum http_method method;
    } known[] = {{"GET", HTTP_GET},     {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},
                 {"PUT", HTTP_PUT},     {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS},
                 {"PATCH", HTTP_PATCH}, {"TRACE", HTTP_TRACE}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == n && memcmp(known[i].name, text, n) == 0)
            return known[i].method;
    return HTTP_UNKNOWN;
}

/* The length of the uri-host that p begins with (RFC 3986, section 3.2.2), SIZE_MAX if there is
 * none: an IPv6 address in brackets, or a name, which may be empty. */
static size_t host_length(const uint8_t *p, size_t n)
{
    size_t i = 0;
    if (n > 0 && p[0] == '[') {
        for (i = 1; i < n && (http_hex(p[i]) >= 0 || p[i] == ':' || p[i] == '.'); i++)
            continue;
        return i > 2 && i < n && p[i] == ']' ? i + 1 : SIZE_MAX;
    }
    for (; i < n && p[i] != ':'; i++) {
        if (!http_is_target(p[i]) || memchr("/?#@[]", p[i], 6))
            return SIZE_MAX;
        if (p[i] == '%' && (n - i < 3 || http_hex(p[i + 1]) < 0 || http_hex(p[i + 2]) < 0))
            return SIZE_MAX;
    }
    return i;
}

/* uri-host [ ":" port ] and nothing else; no user information. */
static bool authority_ok(const uint8_t *p, size_t n, bool may_be_empty)
{
    size_t i = host_length(p, n);
    if (i == SIZE_MAX || (i == 0 && !may_be_empty))
        return false;
    if (i < n && p[i++] != ':')
        return false;
    for (; i < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

/* The four forms of a target (RFC 9112, section 3.2). The authority form is for CONNECT alone,
 * and that method is not among the known ones. */
static enum http_progress read_target(struct http_request *r, const uint8_t *head,
                                      size_t offset, size_t n)
{
    const uint8_t *p = head + offset;
    size_t start = 0;

    for (size_t i = 0; i < n; i++)
        if (!http_is_target(p[i]))
            return refuse(r, 400);

    if (n == 1 && p[0] == '*') {
        r->asterisk = true;
        if (r->method != HTTP_OPTIONS && r->method != HTTP_UNKNOWN)
            return refuse(r, 400);
    } else if (p[0] != '/') {
        if (n > 7 && strncasecmp((const char *)p, "http://", 7) == 0)
            start = 7;
        else if (n > 8 && strncasecmp((const char *)p, "https://", 8) == 0)
            start = 8;
        else
            return r->method == HTTP_UNKNOWN ? HTTP_MORE : refuse(r, 400);
        size_t authority = start;
        while (start < n && p[start] != '/' && p[start] != '?')
            start++;
        if (!authority_ok(p + authority, start - authority, false))
            return refuse(r, 400);
    }

    size_t end = start;
    while (end < n && p[end] != '?')
        end++;
    r->path.offset = (uint16_t)(offset + start);
    r->path.length = (uint16_t)(end - start);
    return HTTP_MORE;
}

/* method SP request-target SP HTTP-version (RFC 9112, section 3), one space each. */
static enum http_progress read_request_line(struct http_request *r, const uint8_t *head,
                                            size_t offset, size_t n)
{
    const uint8_t *line = head + offset;
    const uint8_t *space = memchr(line, ' ', n);
    if (!space || space == line)
        return refuse(r, 400);
    size_t method_length = (size_t)(space - line);
    for (size_t i = 0; i < method_length; i++)
        if (!http_is_token(line[i]))
            return refuse(r, 400);
    r->method = method_of(line, method_length);

    size_t target = method_length + 1;
    const uint8_t *space2 = memchr(line + target, ' ', n - target);
    if (!space2 || space2 == line + target)
        return refuse(r, 400);

    const uint8_t *version = space2 + 1;
    if (line + n - version != 8 || memcmp(version, "HTTP/", 5) != 0 || version[5] < '0' ||
        version[5] > '9' || version[6] != '.' || version[7] < '0' || version[7] > '9')
        return refuse(r, 400);
    if (version[5] != '1')
        return refuse(r, 505);
    r->http_1_0 = version[7] == '0';
    return read_target(r, head, offset + target, (size_t)(space2 - line) - target);
}

/* 1*DIGIT and nothing else: no sign, no list, no blank within. A length beyond 64 bits is still
 * a length: it becomes the largest one, which every limit refuses (RFC 9110, section 8.6). */
static bool read_length(const uint8_t *p, size_t n, uint64_t *out)
{
    uint64_t value = 0;
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        unsigned digit = p[i] - (unsigned)'0';
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    return true;
}

/* What the fields that matter to framing and to the connection say. `n` is the value's length.
 */
static enum http_progress read_field(struct http_request *r, const uint8_t *name,
                                     size_t name_length, const uint8_t *value, size_t n,
                                     size_t value_offset)
{
    if (is(name, name_length, "host")) {
        if (r->have_host || !authority_ok(value, n, true))
            return refuse(r, 400);
        r->have_host = true;
    } else if (is(name, name_length, "content-length")) {
        if (r->have_length || !read_length(value, n, &r->content_length))
            return refuse(r, 400);
        r->have_length = true;
    } else if (is(name, name_length, "transfer-encoding")) {
        if (r->have_encoding || !list_has(value, n, "chunked"))
            return refuse(r, r->have_encoding ? 400 : 501);
        r->have_encoding = true;
        if (!is(value, n, "chunked")) {
            /* A coding that is not known, then chunked: it could be read, but not understood.
             * Where chunked is not the last, or is there twice, nobody can tell where the body
             * ends (RFC 9112, section 6.1). */
            const uint8_t *comma = memrchr(value, ',', n);
            size_t before = comma ? (size_t)(comma - value) : 0;
            bool last = comma && list_has(comma, (size_t)(value + n - comma), "chunked");
            return refuse(r, last && !list_has(value, before, "chunked") ? 501 : 400);
        }
    } else if (is(name, name_length, "connection")) {
        r->says_close |= list_has(value, n, "close");
        r->says_keep_alive |= list_has(value, n, "keep-alive");
    } else if (is(name, name_length, "expect")) {
        if (is(value, n, "100-continue"))
            r->expect_100 = true;
        else
            r->bad_expectation = true;
    } else if (is(name, name_length, "content-type")) {
        r->content_type = (struct http_slice){(uint16_t)value_offset, (uint16_t)n};
    }
    return HTTP_MORE;
}

/* field-name ":" OWS field-value OWS (RFC 9112, section 5). A line that begins with white space
 * is obs-fold, or is between the request line and the first field: both are refused, as its
 * first byte is no token. */
static enum http_progress read_field_line(struct http_request *r, const uint8_t *head,
                                          size_t offset, size_t n)
{
    const uint8_t *line = head + offset;
    size_t colon = 0;
    while (colon < n && http_is_token(line[colon]))
        colon++;
    if (colon == 0 || colon == n || line[colon] != ':')
        return refuse(r, 400);

    size_t start = colon + 1, end = n;
    for (size_t i = start; i < end; i++)
        if (!http_is_value(line[i]))
            return refuse(r, 400);
    while (start < end && (line[start] == ' ' || line[start] == '\t'))
        start++;
    while (end > start && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    return read_field(r, line, colon, line + start, end - start, offset + start);
}

/* The empty line has come: what do the fields say together? */
static enum http_progress finish(struct http_request *r, size_t head_length)
{
    if (r->have_encoding && (r->have_length || r->http_1_0))
        return refuse(r, 400);
    if (!r->http_1_0 && !r->have_host)
        return refuse(r, 400);
    if (r->method == HTTP_UNKNOWN)
        return refuse(r, 501);
    if (r->bad_expectation && !r->http_1_0)
        return refuse(r, 417);
    if (r->http_1_0)
        r->expect_100 = false; /* RFC 9110, section 10.1.1 */

    r->keep_alive = !r->says_close && (!r->http_1_0 || r->says_keep_alive);
    if (r->have_encoding)
        r->framing = HTTP_CHUNKED;
    else if (r->have_length && r->content_length > 0)
        r->framing = HTTP_LENGTH;
    else
        r->framing = HTTP_NO_BODY;
    r->head_length = (uint16_t)head_length;
    return HTTP_DONE;
}

static enum http_progress read_line(struct http_request *r, const uint8_t *head, size_t n,
                                    size_t next)
{
    if (!r->have_request_line) {
        if (n == 0)
            return HTTP_MORE;
        r->have_request_line = true;
        return read_request_line(r, head, r->line, n);
    }
    if (n == 0)
        return finish(r, next);
    return read_field_line(r, head, r->line, n);
}

/* Nothing is wrong with a line that is not complete, unless it cannot become right any more: a
 * client that waits for its answer would wait until the time limit. */
static enum http_progress check_partial(struct http_request *r, const uint8_t *head,
                                        size_t length)
{
    const uint8_t *line = head + r->line;
    size_t n = length - r->line;
    const uint8_t *cr = memchr(line, '\r', n);
    if (cr && cr != line + n - 1)
        return refuse(r, 400);
    if (length < HTTP_HEAD_MAX)
        return HTTP_MORE;
    return refuse(r, r->have_request_line ? 431 : 414);
}

enum http_progress http_request_read(struct http_request *r, const uint8_t *head, size_t length)
{
    size_t limit = length < HTTP_HEAD_MAX ? length : HTTP_HEAD_MAX;

    for (;;) {
        size_t from = (size_t)r->line + r->seen;
        const uint8_t *lf = memchr(head + from, '\n', limit - from);
        if (!lf) {
            r->seen = (uint16_t)(limit - r->line);
            return check_partial(r, head, limit);
        }
        size_t next = (size_t)(lf - head) + 1;
        size_t n = next - 1 - r->line;
        const uint8_t *line = head + r->line;
        if (n == 0 || line[n - 1] != '\r' || memchr(line, '\r', n - 1))
            return refuse(r, 400);
        enum http_progress p = read_line(r, head, n - 1, next);
        if (p != HTTP_MORE)
            return p;
        r->line = (uint16_t)next;
        r->seen = 0;
    }
}
