/* How the load generator reads answers: cut anywhere, many in one piece, and right or wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/protocol/exchange.h"

#define ANSWERS 64

#define BODY "the same body in each of them\n"

/* All forms that a right answer comes in; each ends where it says so itself. */
static const char *const forms[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" BODY,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "1\r\nt\r\n1c;x=y\r\nhe same body in each of them\r\n1\r\n\n\r\n0\r\nTrailer: x\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 30\r\n\r\n" BODY,
    "HTTP/1.1 201 Created\r\nConnection: keep-alive\r\nContent-Length: 30\r\n\r\n" BODY,
};

#define FORMS (sizeof forms / sizeof forms[0])

static struct asked_url url = {
    .text = (char[]){"http://127.0.0.1:1/"},
    .host = (char[]){"127.0.0.1:1"},
    .target = (char[]){"/"},
    .weight = 1,
};
static struct options options = {.urls = &url,
                                 .url_count = 1,
                                 .method = "GET",
                                 .headers = (char[]){""},
                                 .body_rule = BODY_SAME};
static struct workload load;
static struct exchange x;

static void setup(void)
{
    workload_init(&load, &options);
    load.protocol->init(&load, &x, 0);
}

static void teardown(void)
{
    load.protocol->free(&x);
    workload_free(&load);
}

static void expect(void)
{
    struct request q;
    const char *data;
    size_t size;

    load.protocol->begin(&load, &x, &q, &data, &size);
    load.protocol->expect(&load, &x, &q);
}

/* Give `size` bytes in a buffer of just that size, so that a sanitizer sees each byte too many
 * that is looked at. Returns how many answers were complete; all must be right. */
static unsigned feed(const char *bytes, size_t size)
{
    char *copy = malloc(size ? size : 1);
    const char *data = copy;
    unsigned complete = 0;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    while (data < copy + size) {
        enum exchange_result result = load.protocol->feed(&load, &x, &data, copy + size);
        if (result == EXCHANGE_MORE) {
            assert_ptr_equal(data, copy + size);
            break;
        }
        if (result != EXCHANGE_OK)
            fail_msg("result %d: %s", result, x.reason ? x.reason : "");
        complete++;
        expect();
    }
    free(copy);
    return complete;
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    setup();
    expect();
    for (size_t f = 0; f < FORMS; f++) {
        size_t size = strlen(forms[f]);
        for (size_t cut = 0; cut <= size; cut++) {
            unsigned first = feed(forms[f], cut);
            assert_int_equal(first, cut == size);
            assert_int_equal(feed(forms[f] + cut, size - cut), 1 - first);
        }
        for (size_t i = 0; i < size; i++)
            assert_int_equal(feed(forms[f] + i, 1), i + 1 == size);
    }
    teardown();
}

/* 64 answers of all forms behind one another, in one piece, cut in two at every byte, and in
 * pieces of every length. */
static void many_in_one_piece(void **state)
{
    static char all[ANSWERS * 256];
    size_t size = 0;
    (void)state;

    for (size_t i = 0; i < ANSWERS; i++) {
        size_t n = strlen(forms[i % FORMS]);
        memcpy(all + size, forms[i % FORMS], n);
        size += n;
    }
    setup();
    expect();
    assert_int_equal(feed(all, size), ANSWERS);
    for (size_t cut = 0; cut <= size; cut++)
        assert_int_equal(feed(all, cut) + feed(all + cut, size - cut), ANSWERS);
    for (size_t piece = 1; piece < 400; piece++) {
        unsigned complete = 0;
        for (size_t at = 0; at < size; at += piece)
            complete += feed(all + at, size - at < piece ? size - at : piece);
        assert_int_equal(complete, ANSWERS);
    }
    teardown();
}

/* What is left of a stream after one byte of it was changed may be anything, but never two right
 * answers where the body was hit, and never a read beyond the end. */
static void one_byte_changed(void **state)
{
    char copy[512];
    (void)state;

    for (size_t f = 0; f < FORMS; f++) {
        size_t size = strlen(forms[f]);
        for (size_t i = 0; i < size; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                const char *data = copy;
                setup();
                expect();
                feed(forms[0], strlen(forms[0]));
                memcpy(copy, forms[f], size);
                copy[i] = (char)(copy[i] ^ (1 << bit));
                enum exchange_result result =
                    load.protocol->feed(&load, &x, &data, copy + size);
                assert_true(result <= EXCHANGE_CORRUPT);
                const char *body = strstr(forms[f], BODY);
                if (body && i >= (size_t)(body - forms[f]))
                    assert_true(result == EXCHANGE_WRONG || result == EXCHANGE_CORRUPT);
                teardown();
            }
        }
    }
}

/* The end of the stream, after each byte. */
static void ended_at_every_byte(void **state)
{
    (void)state;
    for (size_t f = 0; f < FORMS; f++) {
        for (size_t cut = 0; cut < strlen(forms[f]); cut++) {
            setup();
            expect();
            assert_int_equal(feed(forms[f], cut), 0);
            assert_int_equal(load.protocol->eof(&load, &x), EXCHANGE_EOF);
            assert_non_null(x.reason);
            teardown();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(many_in_one_piece),
        cmocka_unit_test(one_byte_changed),
        cmocka_unit_test(ended_at_every_byte),
    };
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
