/* The response parser: tables of good and bad answers, each fed whole, split in two at every
 * byte, and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/http_response.h"

struct outcome {
    enum http_response_event event;
    size_t taken; /* bytes of the input that the answer took */
    char body[256];
    size_t body_size;
};

struct good {
    const char *text; /* what follows the answer begins with '|' in `rest` */
    const char *body;
    uint16_t status;
    bool keep_alive, head, to_eof;
    uint32_t informational;
    const char *rest;
};

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct good good[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200, .keep_alive = true},
    /* Not right, but not to be misread either. */
    {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", "hi", 200, .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "hi", 200,
     .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2 ,02\r\n\r\nhi", "hi", 200, .keep_alive = true},
    {CHUNKED "2  \r\nhi\r\n1\t\r\n!\r\n0 \r\n\r\n", "hi!", 200, .keep_alive = true},
    {"HTTP/1.1 200 \r\ncontent-LENGTH:\t 5 \t\r\nX:\r\n\r\nhello", "hello", 200,
     .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0005\r\n\r\nhello", "hello", 200, .keep_alive = true},
    {"HTTP/1.1 404 Not \xc3\xa9 Found\r\nContent-Length: 1\r\n\r\nx", "x", 404,
     .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab", "ab",
     .status = 200},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x , CLOSE\r\n\r\nab", "ab",
     .status = 200},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: closed\r\n\r\nab", "ab", 200,
     .keep_alive = true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", .status = 200},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: ,, Keep-Alive\r\n\r\nab", "ab", 200,
     .keep_alive = true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nConnection: close\r\n"
     "\r\nab",
     "ab", .status = 200},
    {"HTTP/1.7 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", 200, .keep_alive = true},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", "", 204, .keep_alive = true},
    {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "", 304,
     .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "", 200, .keep_alive = true,
     .head = true},
    {"HTTP/1.1 200 OK\r\n\r\n", "", 200, .keep_alive = true, .head = true},
    {CHUNKED "5\r\nhello\r\n0\r\n\r\n", "hello", 200, .keep_alive = true},
    {CHUNKED "5;a=b;c=\"d e\"\r\nhello\r\n6 ;x\r\n world\r\n000\r\n\r\n", "hello world", 200,
     .keep_alive = true},
    {CHUNKED "A\r\n0123456789\r\n0\r\nTrailer: yes\r\nMore: \r\n\r\n", "0123456789", 200,
     .keep_alive = true},
    {CHUNKED "0\r\n\r\n", "", 200, .keep_alive = true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n"
     "2\r\n\r\n\r\n0\r\n\r\n",
     "\r\n", .status = 200},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", 200,
     .keep_alive = true, .informational = 1},
    {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
     "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
     "ab", 200, .keep_alive = true, .informational = 2},
    {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end", 200, .to_eof = true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", "", 200, .to_eof = true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", 200, .keep_alive = true,
     .rest = "HTTP/1.1 200 OK\r\n"},
    {CHUNKED "1\r\nx\r\n0\r\n\r\n", "x", 200, .keep_alive = true, .rest = "\r\n"},
    {"HTTP/1.1 204 No Content\r\n\r\n", "", 204, .keep_alive = true, .rest = "x"},
};

#define GOOD (sizeof good / sizeof good[0])

struct bad {
    const char *text;
    const char *reason; /* what the reason must contain */
};

#define OK_LINE "HTTP/1.1 200 OK\r\n"

static const struct bad bad[] = {
    {"garbage", "status line"},
    {"HTTP/2.0 200 OK\r\n\r\n", "status line"},
    {"http/1.1 200 OK\r\n\r\n", "status line"},
    {"\r\nHTTP/1.1 200 OK\r\n\r\n", "status line"},
    {"HTTP/1.x 200 OK\r\n\r\n", "status line"},
    {"HTTP/1.1\r\n\r\n", "status line"},
    {"HTTP/1.1 20\r\n\r\n", "three-digit"},
    {"HTTP/1.1 2000\r\n\r\n", "three-digit"},
    {"HTTP/1.1 200x\r\n\r\n", "three-digit"},
    {"HTTP/1.1  200 OK\r\n\r\n", "three-digit"},
    {"HTTP/1.1 20 OK\r\n\r\n", "three-digit"},
    {"HTTP/1.1 2000 OK\r\n\r\n", "three-digit"},
    {"HTTP/1.1 2x0 OK\r\n\r\n", "three-digit"},
    {"HTTP/1.1 099 OK\r\n\r\n", "100 to 599"},
    {"HTTP/1.1 600 OK\r\n\r\n", "100 to 599"},
    {"HTTP/1.1 200 O\001K\r\n\r\n", "reason phrase"},
    {"HTTP/1.1 200 O\rK\r\n\r\n", "reason phrase"},
    {"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "bare LF"},
    {OK_LINE "Content-Length: 0\n\r\n", "bare LF"},
    {OK_LINE "Content-Length: 0\r\n\n", "bare LF"},
    {OK_LINE "\n", "bare LF"},
    {OK_LINE "A: b\rc\r\n\r\n", "field value"},
    {OK_LINE "A: b\177\r\n\r\n", "field value"},
    {OK_LINE "A: b\r\n folded\r\n\r\n", "folded"},
    {OK_LINE "\tfolded: x\r\n\r\n", "folded"},
    {OK_LINE "A : b\r\n\r\n", "before the colon"},
    {OK_LINE ": b\r\n\r\n", "empty field name"},
    {OK_LINE "no colon\r\n\r\n", "before the colon"},
    {OK_LINE "nocolon\r\n\r\n", "token"},
    {OK_LINE "a(b): c\r\n\r\n", "token"},
    {OK_LINE "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "more than one"},
    {OK_LINE "Content-Length: 1, 2\r\n\r\nx", "more than one"},
    {OK_LINE "Content-Length: 1,\r\n\r\nx", "fits"},
    {OK_LINE "Content-Length: 1, x\r\n\r\nx", "plain decimal"},
    {OK_LINE "Content-Length: -1\r\n\r\n", "plain decimal"},
    {OK_LINE "Content-Length: +1\r\n\r\nx", "plain decimal"},
    {OK_LINE "Content-Length: 0x1\r\n\r\nx", "plain decimal"},
    {OK_LINE "Content-Length: 1 1\r\n\r\nx", "plain decimal"},
    {OK_LINE "Content-Length: \r\n\r\n", "fits"},
    {OK_LINE "Content-Length: 9223372036854775808\r\n\r\n", "fits"},
    {OK_LINE "Content-Length: 99999999999999999999\r\n\r\n", "fits"},
    {OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer coding"},
    {OK_LINE "Transfer-Encoding: identity\r\n\r\n", "transfer coding"},
    {OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     "transfer coding"},
    {OK_LINE "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "both"},
    {OK_LINE "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "both"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "switched"},
    {CHUNKED "\r\n\r\n", "chunked"},
    {CHUNKED "g\r\n\r\n", "chunked"},
    {CHUNKED "0x1\r\nx\r\n0\r\n\r\n", "chunked"},
    {CHUNKED " 1\r\nx\r\n0\r\n\r\n", "chunked"},
    {CHUNKED "1 2\r\nx\r\n0\r\n\r\n", "chunked"},
    {CHUNKED "-1\r\nx\r\n0\r\n\r\n", "chunked"},
    {CHUNKED "11111111111111111\r\nx", "chunked"},
    {CHUNKED "1\nx\r\n0\r\n\r\n", "chunked"},
    {CHUNKED "1\r\nxy\r\n0\r\n\r\n", "chunked"},
    {CHUNKED "1\r\nx\n0\r\n\r\n", "chunked"},
    {CHUNKED "1;a\001b\r\nx\r\n0\r\n\r\n", "chunked"},
    {CHUNKED "0\r\nbad trailer\r\n\r\n", "chunked"},
    {CHUNKED "0\r\n\n", "chunked"},
};

#define BAD (sizeof bad / sizeof bad[0])

/* Answers cut short: what the end of the stream then means. */
static const struct bad cut[] = {
    {"", "before the answer"},
    {"HT", "in the middle of the head"},
    {OK_LINE, "in the middle of the head"},
    {OK_LINE "Content-Length: 5\r\n\r", "in the middle of the head"},
    {OK_LINE "Content-Length: 5\r\n\r\n", "in the middle of the body"},
    {OK_LINE "Content-Length: 5\r\n\r\nhell", "in the middle of the body"},
    {CHUNKED, "in the middle of the body"},
    {CHUNKED "5\r\nhel", "in the middle of the body"},
    {CHUNKED "5\r\nhello\r\n0\r\n", "in the middle of the body"},
    {"HTTP/1.1 100 Continue\r\n\r\n", "in the middle of the head"},
};

#define CUT (sizeof cut / sizeof cut[0])

/* Feed one piece, from a block of its own of just that size so that a sanitizer sees every byte
 * read beyond it. */
static void feed_piece(struct http_response *r, const char *text, size_t size,
                       struct outcome *o)
{
    char *piece = xmalloc(size);
    if (size > 0)
        memcpy(piece, text, size);
    const char *p = piece;
    struct http_response_span body;

    while ((o->event = http_response_next(r, &p, piece + size, &body)) == HTTP_RESPONSE_BODY) {
        assert_true(body.size > 0);
        assert_true(o->body_size + body.size <= sizeof o->body);
        memcpy(o->body + o->body_size, body.data, body.size);
        o->body_size += body.size;
    }
    if (o->event == HTTP_RESPONSE_MORE)
        assert_ptr_equal(p, piece + size);
    o->taken += (size_t)(p - piece);
    free(piece);
}

/* Feed all of `text`, cut after `first` bytes and then every `step`. */
static void feed(struct http_response *r, const char *text, size_t size, size_t first,
                 size_t step, struct outcome *o)
{
    *o = (struct outcome){.event = HTTP_RESPONSE_MORE};
    size_t at = 0;
    size_t n = first;
    while (at < size && o->event == HTTP_RESPONSE_MORE) {
        n = n < size - at ? n : size - at;
        feed_piece(r, text + at, n, o);
        at += n;
        n = step;
    }
}

static void check_good(struct http_response *r, const struct good *g, size_t first, size_t step)
{
    char text[512];
    struct outcome o;
    size_t size = strlen(g->text);

    snprintf(text, sizeof text, "%s%s", g->text, g->rest ? g->rest : "");
    http_response_begin(r, g->head);
    assert_false(http_response_started(r));
    feed(r, text, strlen(text), first, step, &o);
    if (g->to_eof) {
        assert_int_equal(o.event, HTTP_RESPONSE_MORE);
        o.event = http_response_eof(r);
    }
    assert_int_equal(o.event, HTTP_RESPONSE_DONE);
    assert_true(http_response_started(r));
    assert_int_equal(o.taken, size);
    assert_int_equal(o.body_size, strlen(g->body));
    assert_memory_equal(o.body, g->body, o.body_size);
    assert_int_equal(r->body_size, o.body_size);
    assert_int_equal(r->status, g->status);
    assert_int_equal(r->keep_alive, g->keep_alive);
    assert_int_equal(r->informational, g->informational);
}

static void good_answers_in_every_split(void **state)
{
    (void)state;
    struct http_response r;
    http_response_init(&r);
    for (size_t i = 0; i < GOOD; i++) {
        size_t size = strlen(good[i].text) + (good[i].rest ? strlen(good[i].rest) : 0);
        for (size_t first = 1; first <= size; first++)
            check_good(&r, &good[i], first, size);
        check_good(&r, &good[i], 1, 1);
        check_good(&r, &good[i], 3, 2);
    }
    http_response_free(&r);
}

/* A head that is remembered leads to what parsing it leads to, in whatever order they come. */
static void remembered_heads_are_parsed_alike(void **state)
{
    (void)state;
    struct http_response_memo *memo = xcalloc(1, sizeof *memo);
    struct http_response r;
    size_t kept = 0;

    http_response_init(&r);
    http_response_remember(&r, memo);
    for (size_t i = 0; i < GOOD; i++)
        for (size_t k = 0; k < GOOD; k++) {
            size_t size = strlen(good[i].text) + (good[i].rest ? strlen(good[i].rest) : 0);
            check_good(&r, &good[i], size, size);
            kept += memo->size > 0 && strncmp(memo->head, good[i].text, memo->size) == 0;
            check_good(&r, &good[i], size, size);
            check_good(&r, &good[k], 1 + k % size, size);
            check_good(&r, &good[i], size - 1, size);
            check_good(&r, &good[i], 1, 1);
        }
    http_response_free(&r);
    free(memo);
    assert_true(kept > GOOD * (GOOD - 4));
}

/* NULL, or what the parsers of bad answers remember of good ones. */
static struct http_response_memo *bad_memo;

static void check_bad(const struct bad *b, size_t first, size_t step)
{
    struct http_response r;
    struct outcome o;

    http_response_init(&r);
    http_response_remember(&r, bad_memo);
    http_response_begin(&r, false);
    feed(&r, b->text, strlen(b->text), first, step, &o);
    assert_int_equal(o.event, HTTP_RESPONSE_ERROR);
    assert_non_null(r.reason);
    if (!strstr(r.reason, b->reason))
        fail_msg("'%s' gave '%s', expected '%s'", b->text, r.reason, b->reason);
    feed_piece(&r, "x", 1, &o);
    assert_int_equal(o.event, HTTP_RESPONSE_ERROR);
    assert_int_equal(http_response_eof(&r), HTTP_RESPONSE_ERROR);
    http_response_free(&r);
}

static void bad_answers_in_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < BAD; i++) {
        size_t size = strlen(bad[i].text);
        for (size_t first = 1; first <= size; first++)
            check_bad(&bad[i], first, size);
        check_bad(&bad[i], 1, 1);
    }
}

static void bad_answers_after_a_good_one(void **state)
{
    (void)state;
    bad_memo = xcalloc(1, sizeof *bad_memo);
    for (size_t i = 0; i < BAD; i++) {
        struct http_response r;
        size_t size = strlen(bad[i].text);

        http_response_init(&r);
        http_response_remember(&r, bad_memo);
        check_good(&r, &good[i % GOOD], strlen(good[i % GOOD].text), size);
        http_response_free(&r);
        check_bad(&bad[i], size, size);
        check_bad(&bad[i], size / 2 + 1, size);
    }
    free(bad_memo);
    bad_memo = NULL;
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"HTTP/1.1 200 O?K\r\n\r\n", OK_LINE "A?: b\r\n\r\n",
                                        OK_LINE "A: b?c\r\n\r\n",
                                        CHUNKED "1?\r\nx\r\n0\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[128];
        struct http_response r;
        struct outcome o;
        size_t size = strlen(texts[i]);
        memcpy(text, texts[i], size);
        *(char *)memchr(text, '?', size) = '\0';
        http_response_init(&r);
        http_response_begin(&r, false);
        feed(&r, text, size, size, size, &o);
        assert_int_equal(o.event, HTTP_RESPONSE_ERROR);
        http_response_free(&r);
    }
}

static void answers_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < CUT; i++) {
        size_t size = strlen(cut[i].text);
        for (size_t step = 1; step <= size + 1; step++) {
            struct http_response r;
            struct outcome o;
            http_response_init(&r);
            http_response_begin(&r, false);
            feed(&r, cut[i].text, size, step, step, &o);
            assert_int_equal(o.event, HTTP_RESPONSE_MORE);
            assert_int_equal(http_response_eof(&r), HTTP_RESPONSE_ERROR);
            if (!strstr(r.reason, cut[i].reason))
                fail_msg("'%s' gave '%s'", cut[i].text, r.reason);
            http_response_free(&r);
        }
    }
}

/* A server that never ends its line, its head, or its interim answers. */
static void endless_heads_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *start, *again, *reason;
    } cases[] = {
        {OK_LINE "A: ", "bbbbbbbbbbbbbbbb", "line too long"},
        {OK_LINE, "Name: some value of a header\r\n", "head too large"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n", "head too large"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned split = 0; split < 2; split++) {
            struct http_response r;
            struct outcome o = {.event = HTTP_RESPONSE_MORE};
            size_t start = strlen(cases[i].start);
            size_t n = strlen(cases[i].again);
            size_t fed = 0;
            http_response_init(&r);
            http_response_begin(&r, false);
            if (start > 0)
                feed_piece(&r, cases[i].start, start, &o);
            for (; o.event == HTTP_RESPONSE_MORE && fed < 10 * HTTP_RESPONSE_HEAD_MAX;
                 fed += n) {
                if (split)
                    feed_piece(&r, cases[i].again, 5, &o);
                if (o.event == HTTP_RESPONSE_MORE)
                    feed_piece(&r, cases[i].again + 5 * split, n - 5 * split, &o);
            }
            assert_int_equal(o.event, HTTP_RESPONSE_ERROR);
            assert_non_null(strstr(r.reason, cases[i].reason));
            http_response_free(&r);
        }
    }
}

/* One line in one piece must obey the same limit as a line in many. */
static void long_line_in_one_piece(void **state)
{
    (void)state;
    size_t size = HTTP_RESPONSE_LINE_MAX + 100;
    char *text = xmalloc(size + 1);
    struct http_response r;
    struct outcome o;

    memset(text, 'a', size);
    memcpy(text, OK_LINE "A: ", strlen(OK_LINE "A: "));
    memcpy(text + size - 4, "\r\n\r\n", 4);
    http_response_init(&r);
    http_response_begin(&r, false);
    feed(&r, text, size, size, size, &o);
    assert_int_equal(o.event, HTTP_RESPONSE_ERROR);
    assert_string_equal(r.reason, "line too long");
    http_response_free(&r);
    free(text);
}

static void whole_lines_allocate_nothing(void **state)
{
    (void)state;
    struct http_response r;
    http_response_init(&r);
    for (size_t i = 0; i < GOOD; i++) {
        if (!good[i].to_eof)
            check_good(&r, &good[i], strlen(good[i].text), 1);
        assert_null(r.line);
    }
    /* A piece that ends with a line is whole too. */
    struct outcome o;
    http_response_begin(&r, false);
    feed(&r, good[0].text, strlen(good[0].text), strlen(OK_LINE),
         strlen("Content-Length: 5\r\n"), &o);
    assert_int_equal(o.event, HTTP_RESPONSE_DONE);
    assert_null(r.line);
    http_response_free(&r);
}

/* Bytes at random, some of them pieces of HTTP: whatever comes, no crash, and no progress
 * beyond the input. */
static void random_input_is_survived(void **state)
{
    (void)state;
    static const char *const words[] = {"HTTP/1.1 200 OK\r\n",
                                        "\r\n",
                                        "Content-Length: ",
                                        "7",
                                        "Transfer-Encoding: chunked\r\n",
                                        "0",
                                        "\n",
                                        "\r",
                                        ": ",
                                        "Connection: close\r\n",
                                        "ff",
                                        ";",
                                        " ",
                                        "A",
                                        "\001"};
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        struct http_response r;
        struct outcome o = {.event = HTTP_RESPONSE_MORE};
        http_response_init(&r);
        http_response_begin(&r, false);
        if (round % 4)
            feed_piece(&r, words[0], strlen(words[0]), &o);
        for (int i = 0; i < 12 && o.event == HTTP_RESPONSE_MORE; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            const char *word = words[(seed >> 33) % (sizeof words / sizeof words[0])];
            size_t n = strlen(word);
            size_t first = (seed >> 20) % n + 1;
            feed_piece(&r, word, first, &o);
            if (o.event == HTTP_RESPONSE_MORE && first < n)
                feed_piece(&r, word + first, n - first, &o);
        }
        if (o.event == HTTP_RESPONSE_MORE)
            http_response_eof(&r);
        http_response_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_answers_in_every_split),
        cmocka_unit_test(remembered_heads_are_parsed_alike),
        cmocka_unit_test(bad_answers_in_every_split),
        cmocka_unit_test(bad_answers_after_a_good_one),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(answers_cut_short),
        cmocka_unit_test(endless_heads_are_refused),
        cmocka_unit_test(long_line_in_one_piece),
        cmocka_unit_test(whole_lines_allocate_nothing),
        cmocka_unit_test(random_input_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
