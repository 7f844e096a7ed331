#include "common/http_request.h"

#include <string.h>
#include <strings.h>

#include "common/http_chars.h"
#include "common/http_field.h"

static enum http_progress refuse(struct http_request *r, int status)
{
    r->status = status;
    return HTTP_ERROR;
}

void http_request_init(struct http_request *r)
{
    memset(r, 0, sizeof *r);
}

static enum http_method method_of(struct http_text text)
{
    static const struct {
        const char *name;
        enum http_method method;
    } known[] = {{"GET", HTTP_GET},     {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},
                 {"PUT", HTTP_PUT},     {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS},
                 {"PATCH", HTTP_PATCH}, {"TRACE", HTTP_TRACE}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == http_size(text) &&
            memcmp(known[i].name, text.at, http_size(text)) == 0)
            return known[i].method;
    return HTTP_UNKNOWN;
}

/* The end of the uri-host that `t` begins with (RFC 3986, section 3.2.2), NULL if there is none: an
 * IPv6 address in brackets, or a name, which may be empty. */
static const uint8_t *host_end(struct http_text t)
{
    const uint8_t *p = t.at;
    if (p < t.end && *p == '[') {
        for (p++; p < t.end && (http_hex(*p) >= 0 || *p == ':' || *p == '.'); p++)
            continue;
        return p - t.at > 2 && p < t.end && *p == ']' ? p + 1 : NULL;
    }
    for (; p < t.end && *p != ':'; p++) {
        if (!http_is_target(*p) || memchr("/?#@[]", *p, 6))
            return NULL;
        if (*p == '%' && (t.end - p < 3 || http_hex(p[1]) < 0 || http_hex(p[2]) < 0))
            return NULL;
    }
    return p;
}

/* uri-host [ ":" port ] and nothing else; no user information. */
static bool authority_ok(struct http_text t, bool may_be_empty)
{
    const uint8_t *p = host_end(t);
    if (!p || (p == t.at && !may_be_empty))
        return false;
    if (p < t.end && *p++ != ':')
        return false;
    while (p < t.end && http_is_digit(*p))
        p++;
    return p == t.end;
}

static struct http_slice slice(const uint8_t *head, const uint8_t *at, const uint8_t *end)
{
    return (struct http_slice){(uint16_t)(at - head), (uint16_t)(end - at)};
}

static bool begins(const uint8_t *p, const uint8_t *end, const char *prefix)
{
    size_t n = strlen(prefix);
    return (size_t)(end - p) > n && strncasecmp((const char *)p, prefix, n) == 0;
}

/* The four forms of a target (RFC 9112, section 3.2). The authority form is for CONNECT alone,
 * and that method is not among the known ones. */
static enum http_progress read_target(struct http_request *r, const uint8_t *head,
                                      struct http_text target)
{
    const uint8_t *p = target.at, *end = target.end;

    for (const uint8_t *q = p; q < end; q++)
        if (!http_is_target(*q))
            return refuse(r, 400);

    if (*p == '*' && end - p == 1) {
        r->asterisk = true;
        if (r->method != HTTP_OPTIONS && r->method != HTTP_UNKNOWN)
            return refuse(r, 400);
    } else if (*p != '/') {
        if (begins(p, end, "http://"))
            p += strlen("http://");
        else if (begins(p, end, "https://"))
            p += strlen("https://");
        else
            return r->method == HTTP_UNKNOWN ? HTTP_MORE : refuse(r, 400);
        const uint8_t *authority = p;
        while (p < end && *p != '/' && *p != '?')
            p++;
        if (!authority_ok((struct http_text){authority, p}, false))
            return refuse(r, 400);
    }

    const uint8_t *query = memchr(p, '?', (size_t)(end - p));
    r->path = slice(head, p, query ? query : end);
    return HTTP_MORE;
}

/* method SP request-target SP HTTP-version (RFC 9112, section 3), one space each. */
static enum http_progress read_request_line(struct http_request *r, const uint8_t *head,
                                            struct http_text line)
{
    const uint8_t *space = memchr(line.at, ' ', http_size(line));
    if (!space || space == line.at)
        return refuse(r, 400);
    for (const uint8_t *p = line.at; p < space; p++)
        if (!http_is_token(*p))
            return refuse(r, 400);
    r->method = method_of((struct http_text){line.at, space});

    const uint8_t *target = space + 1;
    const uint8_t *space2 = memchr(target, ' ', (size_t)(line.end - target));
    if (!space2 || space2 == target)
        return refuse(r, 400);

    const uint8_t *version = space2 + 1;
    if (line.end - version != 8 || memcmp(version, "HTTP/", 5) != 0 ||
        !http_is_digit(version[5]) || version[6] != '.' || !http_is_digit(version[7]))
        return refuse(r, 400);
    if (version[5] != '1')
        return refuse(r, 505);
    r->http_1_0 = version[7] == '0';
    return read_target(r, head, (struct http_text){target, space2});
}

/* Transfer-Encoding must be "chunked". Before chunked an unknown coding may stand: the body could
 * be read, but not understood; that is 501. Where chunked is not the last, or is there twice,
 * nobody can tell where the body ends (RFC 9112, section 6.1); that is 400. */
static enum http_progress read_encoding(struct http_request *r, struct http_text value)
{
    unsigned chunked = 0;
    bool last = false;
    struct http_text list = value, coding;

    if (r->have_encoding)
        return refuse(r, 400);
    r->have_encoding = true;
    if (http_is(value, "chunked"))
        return HTTP_MORE;
    while (http_list_next(&list, &coding)) {
        last = http_is(coding, "chunked");
        chunked += last;
    }
    return refuse(r, chunked == 0 || (chunked == 1 && last) ? 501 : 400);
}

/* What the fields that matter to framing and to the connection say. */
static enum http_progress read_field(struct http_request *r, const uint8_t *head,
                                     struct http_text name, struct http_text value)
{
    if (http_is(name, "host")) {
        if (r->have_host || !authority_ok(value, true))
            return refuse(r, 400);
        r->have_host = true;
    } else if (http_is(name, "content-length")) {
        if (r->have_length || !http_read_length(value, &r->content_length))
            return refuse(r, 400);
        r->have_length = true;
    } else if (http_is(name, "transfer-encoding")) {
        return read_encoding(r, value);
    } else if (http_is(name, "connection")) {
        r->says_close |= http_list_has(value, "close");
        r->says_keep_alive |= http_list_has(value, "keep-alive");
    } else if (http_is(name, "expect")) {
        if (http_is(value, "100-continue"))
            r->expect_100 = true;
        else
            r->bad_expectation = true;
    } else if (http_is(name, "content-type")) {
        r->content_type = slice(head, value.at, value.end);
    }
    return HTTP_MORE;
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

/* A line without its CRLF; `next` bytes of the head end with it. */
static enum http_progress read_line(struct http_request *r, const uint8_t *head,
                                    struct http_text line, size_t next)
{
    struct http_text name, value;

    if (!r->have_request_line) {
        if (line.at == line.end)
            return HTTP_MORE;
        r->have_request_line = true;
        return read_request_line(r, head, line);
    }
    if (line.at == line.end)
        return finish(r, next);
    if (http_field_read(line, &name, &value))
        return refuse(r, 400);
    return read_field(r, head, name, value);
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
        struct http_text line = {head + r->line, lf};
        if (line.at == lf || *--line.end != '\r' || memchr(line.at, '\r', http_size(line)))
            return refuse(r, 400);
        enum http_progress p = read_line(r, head, line, next);
        if (p != HTTP_MORE)
            return p;
        r->line = (uint16_t)next;
        r->seen = 0;
    }
}
