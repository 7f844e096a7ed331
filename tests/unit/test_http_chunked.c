#include "common/http_chunked.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* Decode text[0 .. length) handed over in pieces of `piece` bytes; the body goes to `body`.
 * `*end` is how much was taken. */
static enum http_chunk decode(const char *text, size_t length, size_t piece, char *body,
                              size_t *end)
{
    struct http_chunked c;
    http_chunked_init(&c);
    body[0] = '\0';
    *end = 0;
    while (*end < length) {
        size_t n = length - *end < piece ? length - *end : piece, used, got;
        const uint8_t *data;
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, text + *end, n);
        enum http_chunk result = http_chunked_read(&c, copy, n, &used, &data, &got);
        assert_true(used <= n);
        *end += used;
        if (result == HTTP_CHUNK_DATA)
            strncat(body, (const char *)data, got);
        free(copy);
        if (result == HTTP_CHUNK_END || result == HTTP_CHUNK_ERROR)
            return result;
        if (result == HTTP_CHUNK_MORE)
            assert_int_equal(used, n);
    }
    return HTTP_CHUNK_MORE;
}

static void bodies(void **state)
{
    static const struct {
        const char *text, *body;
    } cases[] = {
        {"0\r\n\r\n", ""},
        {"3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3\r\nabc\r\n2\r\nde\r\n000\r\n\r\n", "abcde"},
        {"00000000000000000003\r\nabc\r\n0\r\n\r\n", "abc"},
        {"a;x=1;y=\"z\"\r\n0123456789\r\n0;last\r\nT: v\r\nU:\r\n\r\n", "0123456789"},
        {"A \t;x\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);
        char with_more[256];
        strcpy(with_more, cases[i].text);
        strcat(with_more, "GET / HTTP/1.1\r\n");
        for (size_t piece = 1; piece <= n + 5; piece++) {
            char body[256];
            size_t end;
            assert_int_equal(decode(with_more, n + 5, piece, body, &end), HTTP_CHUNK_END);
            assert_string_equal(body, cases[i].body);
            assert_int_equal(end, n); /* and not a byte of what follows */
        }
        for (size_t cut = 0; cut < n; cut++) {
            char body[256];
            size_t end;
            assert_int_equal(decode(cases[i].text, cut, cut ? cut : 1, body, &end),
                             HTTP_CHUNK_MORE);
        }
    }
}

static void malformed(void **state)
{
    static const char *const cases[] = {
        "\r\n",
        "g\r\n",
        " 1\r\na\r\n",
        "0x1\r\na\r\n",
        "-1\r\n",
        "1\na\r\n",
        "1\r\nab\r\n",
        "1\r\na\n0\r\n",
        "1 \r\na\r\n",
        "1 2\r\n",
        "1;\x01\r\n",
        "0\r\nT : v\r\n",
        "0\r\nT\r\n",
        "0\r\n T: v\r\n",
        "0\r\n\n",
        "0\r\nT: v\n\n",
        "1\r\na0\r\n",
        "0\r\n:v\r\n",
        "1\r\na\r\n\r\n\r\n",
        "10000000000000000\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i]);
        for (size_t piece = 1; piece <= n; piece++) {
            char body[256];
            size_t end;
            if (decode(cases[i], n, piece, body, &end) != HTTP_CHUNK_ERROR)
                fail_msg("accepted in pieces of %zu: %s", piece, cases[i]);
        }
    }
}

/* What is dropped is bounded: an extension or a trailer section without end is an error. */
static void endless(void **state)
{
    static const char *const starts[] = {"1;", "0\r\nT: "};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct http_chunked c;
        size_t used, got, fed = 0;
        const uint8_t *data;
        http_chunked_init(&c);
        enum http_chunk r = http_chunked_read(&c, (const uint8_t *)starts[i], strlen(starts[i]),
                                              &used, &data, &got);
        while (r == HTTP_CHUNK_MORE && fed++ < 100000)
            r = http_chunked_read(&c, (const uint8_t *)"x", 1, &used, &data, &got);
        assert_int_equal(r, HTTP_CHUNK_ERROR);
        assert_true(fed <= HTTP_TRAILER_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(malformed),
        cmocka_unit_test(endless),
    };
    return cmocka_run_group_tests_name("http_chunked", tests, NULL, NULL);
}
