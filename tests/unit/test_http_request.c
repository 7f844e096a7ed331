#include "common/http_request.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define HOST "Host: a\r\n"

/* Reads `text` as it would arrive in pieces that end at each of the two places. Every piece is
 * copied to a block of exactly its size, so that a sanitizer sees a read beyond it. */
static enum http_progress read_in_pieces(struct http_request *r, const char *text,
                                         size_t length, size_t first, size_t second)
{
    size_t ends[] = {first, second, length};
    enum http_progress p = HTTP_MORE;
    http_request_init(r);
    for (size_t i = 0; i < 3 && p == HTTP_MORE; i++) {
        uint8_t *copy = malloc(ends[i] ? ends[i] : 1);
        assert_non_null(copy);
        memcpy(copy, text, ends[i]);
        p = http_request_read(r, copy, ends[i]);
        free(copy);
    }
    return p;
}

static enum http_progress read_whole(struct http_request *r, const char *text)
{
    return read_in_pieces(r, text, strlen(text), 0, 0);
}

static const struct {
    const char *text;
    int status;
} refusals[] = {
    {"GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "\n", 400},
    {"GET / HTTP/1.1\r\rX: y\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /  HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
    {" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\r\n" HOST "\r\n", 400},
    {"GET\r\n\r\n", 400},
    {"G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\x7f HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET x HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET http:///x HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / http/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.10\r\n" HOST "\r\n", 400},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"GET / HTTP/0.9\r\n" HOST "\r\n", 505},
    {"BREW / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 501},
    {"GET / HTTP/1.1\r\n" HOST "Expect: cake\r\n\r\n", 417},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        size_t n = strlen(refusals[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            struct http_request r;
            enum http_progress p = read_in_pieces(&r, refusals[i].text, n, cut, cut);
            if (p != HTTP_ERROR || r.status != refusals[i].status)
                fail_msg("%s cut at %zu: progress %d, status %d, wanted %d", refusals[i].text,
                         cut, (int)p, r.status, refusals[i].status);
        }
    }
}

static void accepted_at_every_cut(void **state)
{
    static const char text[] =
        "\r\nPOST http://u.example:80/echo?q=1 HTTP/1.1\r\nHost: u.example:80\r\n"
        "content-LENGTH: 12 \r\nContent-Type:\ttext/x \r\nX:\r\n\r\nbody";
    size_t n = strlen(text), head = n - 4;
    (void)state;
    for (size_t a = 0; a <= n; a++) {
        for (size_t b = a; b <= n; b++) {
            struct http_request r;
            assert_int_equal(read_in_pieces(&r, text, n, a, b), HTTP_DONE);
            assert_int_equal(r.method, HTTP_POST);
            assert_int_equal(r.framing, HTTP_LENGTH);
            assert_int_equal(r.content_length, 12);
            assert_int_equal(r.head_length, head);
            assert_true(r.keep_alive);
            assert_int_equal(r.path.length, 5);
            assert_memory_equal(text + r.path.offset, "/echo", 5);
            assert_int_equal(r.content_type.length, 6);
            assert_memory_equal(text + r.content_type.offset, "text/x", 6);
        }
    }
}

static void an_unfinished_head_wants_more(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    (void)state;
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        struct http_request r;
        assert_int_equal(read_in_pieces(&r, text, n, n, n), HTTP_MORE);
    }
}

static void keep_alive(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: te, Close \r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, close\r\n\r\n", false},
        {"GET / HTTP/1.2\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request r;
        assert_int_equal(read_whole(&r, cases[i].text), HTTP_DONE);
        assert_int_equal(r.keep_alive, cases[i].keep_alive);
    }
}

static void expectations(void **state)
{
    struct http_request r;
    (void)state;
    assert_int_equal(read_whole(&r, "POST / HTTP/1.1\r\n" HOST
                                    "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n"),
                     HTTP_DONE);
    assert_true(r.expect_100);
    assert_int_equal(read_whole(&r, "POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"),
                     HTTP_DONE);
    assert_false(r.expect_100);
    assert_int_equal(read_whole(&r, "POST / HTTP/1.0\r\nExpect: cake\r\n\r\n"), HTTP_DONE);
}

static void a_length_beyond_64_bits_is_the_largest(void **state)
{
    struct http_request r;
    (void)state;
    assert_int_equal(read_whole(&r, "POST / HTTP/1.1\r\n" HOST
                                    "Content-Length: 99999999999999999999999\r\n\r\n"),
                     HTTP_DONE);
    assert_true(r.content_length == UINT64_MAX);
}

/* A request line, or a head, of exactly the limit and of one byte more. */
static void limits(void **state)
{
    static char text[HTTP_HEAD_MAX + 100];
    struct http_request r;
    (void)state;

    static const char end[] = "\r\nHost: a\r\n\r\n", start[] = "GET / HTTP/1.1\r\nX: ";
    for (size_t extra = 0; extra < 2; extra++) {
        size_t total = HTTP_HEAD_MAX + extra, fill = total - strlen(start) - strlen(end);
        memcpy(text, start, strlen(start));
        memset(text + strlen(start), 'x', fill);
        memcpy(text + strlen(start) + fill, end, sizeof end);
        assert_int_equal(read_whole(&r, text), extra ? HTTP_ERROR : HTTP_DONE);
        if (extra)
            assert_int_equal(r.status, 431);
        else
            assert_int_equal(r.head_length, HTTP_HEAD_MAX);
    }

    memset(text, 'x', sizeof text);
    memcpy(text, "GET /", 5);
    assert_int_equal(read_in_pieces(&r, text, HTTP_HEAD_MAX - 1, 100, 200), HTTP_MORE);
    assert_int_equal(read_in_pieces(&r, text, HTTP_HEAD_MAX, 100, 200), HTTP_ERROR);
    assert_int_equal(r.status, 414);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(accepted_at_every_cut),
        cmocka_unit_test(an_unfinished_head_wants_more),
        cmocka_unit_test(keep_alive),
        cmocka_unit_test(expectations),
        cmocka_unit_test(a_length_beyond_64_bits_is_the_largest),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
