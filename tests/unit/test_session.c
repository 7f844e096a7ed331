/* The two services without a socket: whatever way the bytes are cut, the answers are the same.
 */
#include "servers/app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "servers/app/buffer.h"
#include "servers/app/count.h"
#include "unit.h"

#define IDLE (10 * NS_PER_S)

static struct service service;
static const struct app_options options = {
    .max_body = 1000, .idle_timeout = IDLE, .service = &service};

struct transcript {
    char *text;
    size_t length;
    /* how the conversation ended, or what it wants at the end of input */
    enum session_want end;
};

static void collect(struct transcript *t, struct session *s, size_t at_most, uint64_t now)
{
    size_t n;
    const uint8_t *data = session_output(s, &n);
    assert_true(n > 0);
    if (n > at_most)
        n = at_most;
    t->text = realloc(t->text, t->length + n + 1);
    assert_non_null(t->text);
    memcpy(t->text + t->length, data, n);
    t->length += n;
    t->text[t->length] = '\0';
    session_sent(s, n, now);
}

/* Hold a conversation: `input` arrives in pieces of `in` bytes and output is taken `out` bytes
 * at a time. Time passes only where the session waits. */
static struct transcript converse(const struct app *app, const char *input, size_t length,
                                  size_t in, size_t out, bool then_eof)
{
    struct counters counters;
    memset(&counters, 0, sizeof counters);
    uint64_t now = clock_ns();
    struct session *s = session_open(app, &options, &counters, now);
    struct transcript t = {.text = calloc(1, 1)};
    size_t fed = 0;
    assert_non_null(s);

    for (;;) {
        t.end = session_next(s, now);
        if (t.end == SESSION_WRITE) {
            collect(&t, s, out, now);
        } else if (t.end == SESSION_WAIT) {
            assert_true(session_deadline(s) >= now);
            now = session_deadline(s);
            assert_true(session_expired(s, now));
        } else if (t.end == SESSION_READ && fed < length) {
            size_t room, n = length - fed < in ? length - fed : in;
            void *space = session_space(s, &room);
            assert_non_null(space);
            assert_true(room > 0);
            n = n < room ? n : room;
            memcpy(space, input + fed, n);
            session_received(s, n, now);
            fed += n;
        } else if (t.end == SESSION_READ && then_eof && !s->eof) {
            session_eof(s);
        } else {
            break;
        }
    }
    session_close(s);
    buffer_clear_free_list();
    return t;
}

/* The Date line may change from one conversation to the next. */
static void blank_dates(char *text)
{
    for (char *p = text; (p = strstr(p, "Date: ")); p += 6)
        memset(p + 6, '-', 29);
}

static void same_in_every_cut(const char *input, enum session_want end)
{
    size_t n = strlen(input);
    struct transcript whole = converse(&app_http, input, n, n, SIZE_MAX, false);
    assert_int_equal(whole.end, end);
    blank_dates(whole.text);
    for (size_t in = 1; in <= n; in++) {
        struct transcript t = converse(&app_http, input, n, in, in, false);
        blank_dates(t.text);
        assert_string_equal(t.text, whole.text);
        assert_int_equal(t.end, end);
        free(t.text);
    }
    free(whole.text);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void http_cuts(void **state)
{
    (void)state;
    same_in_every_cut(GET("/") GET("/bytes/100") GET("/wait/5") GET("/nothing") GET("/"),
                      SESSION_READ);
    same_in_every_cut("HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
                      SESSION_CLOSE);
    same_in_every_cut(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET("/"),
        SESSION_READ);
    same_in_every_cut("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "5\r\nhello\r\n1;x\r\n \r\n5\r\nworld\r\n0\r\nT: v\r\n\r\n" GET("/"),
                      SESSION_READ);
    same_in_every_cut("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET("/"),
                      SESSION_READ);
    same_in_every_cut("PUT / HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                      SESSION_READ);
    same_in_every_cut(GET("/") "nonsense\r\n", SESSION_SHUT);
    same_in_every_cut("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx",
                      SESSION_SHUT);
    same_in_every_cut("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
                      SESSION_SHUT);
    same_in_every_cut(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
        SESSION_SHUT);
}

/* Change, insert, delete or repeat bytes, mostly such as mean something to a parser. */
static size_t mutate(char *text, size_t n, size_t most, unsigned *seed)
{
    static const char alphabet[] = "\r\n\t :;,/%?#*\\\"0189afxGP\x01\x7f\xff";
    for (int count = rand_r(seed) % 4; count >= 0 && n > 4; count--) {
        size_t at = (size_t)rand_r(seed) % n, from = (size_t)rand_r(seed) % n;
        size_t length = (size_t)(rand_r(seed) % 8) + 1;
        char c = alphabet[(size_t)rand_r(seed) % (sizeof alphabet - 1)];
        switch (rand_r(seed) % 4) {
        case 0:
            text[at] = c;
            break;
        case 1:
            if (n < most) {
                memmove(text + at + 1, text + at, n++ - at);
                text[at] = c;
            }
            break;
        case 2:
            length = length < n - at ? length : n - at;
            memmove(text + at, text + at + length, n - at - length);
            n -= length;
            break;
        default:
            length = length < n - at ? length : n - at;
            length = length < n - from ? length : n - from;
            memmove(text + at, text + from, length);
        }
    }
    return n;
}

/* Whatever comes, where it is cut must not matter: two readers that disagree about where a message
 * ends are what request smuggling needs. */
static void mutations_in_every_cut(void **state)
{
    static const char *const seeds[] = {
        GET("/") GET("/wait/1") GET("/nothing?x=%20"),
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET("/"),
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;x=y\r\nhello\r\na\r\n0123456789\r\n0\r\nT: v\r\n\r\n" GET("/"),
        "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"
        "Content-Length: 3\r\n\r\nabc" GET("http://a:80/"),
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n" GET("/"),
    };
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[512];
        const char *start = seeds[round % 5];
        size_t n = strlen(start);
        memcpy(text, start, n);
        n = mutate(text, n, sizeof text, &seed);
        struct transcript whole = converse(&app_http, text, n, n, SIZE_MAX, true);
        size_t in = (size_t)(rand_r(&seed) % 7) + 1;
        struct transcript cut = converse(&app_http, text, n, in, 11, true);
        blank_dates(whole.text);
        blank_dates(cut.text);
        if (strcmp(whole.text, cut.text) != 0)
            fail_msg("round %d in pieces of %zu: %.*s\nwhole: %s\ncut: %s", round, in, (int)n,
                     text, whole.text, cut.text);
        free(whole.text);
        free(cut.text);
    }
}

/* A body with its length, its pattern, and its parts in order, however little is taken at a
 * time. */
static void large_bodies(void **state)
{
    const char input[] = GET("/bytes/200000");
    (void)state;
    static const size_t takes[] = {SIZE_MAX, 1000, 65536, 65535, 7};
    struct transcript first = {0};
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++) {
        struct transcript t =
            converse(&app_http, input, strlen(input), SIZE_MAX, takes[i], false);
        const char *body = strstr(t.text, "\r\n\r\n");
        assert_non_null(body);
        body += 4;
        assert_int_equal(t.length - (size_t)(body - t.text), 200000);
        assert_memory_equal(body, body + 65536, 65536);
        assert_memory_equal(body + 64, "0001", 4);
        if (i == 0) {
            first = t;
            continue;
        }
        assert_memory_equal(body, strstr(first.text, "\r\n\r\n") + 4, 200000);
        free(t.text);
    }
    free(first.text);
}

/* A client that never reads: the session takes no more input, and holds two buffers at the
 * most. */
static void output_is_bounded(void **state)
{
    static const char input[] = GET("/bytes/1000");
    struct counters counters;
    memset(&counters, 0, sizeof counters);
    struct session *s = session_open(&app_http, &options, &counters, 0);
    size_t fed = 0, room;
    (void)state;

    while (session_next(s, 0) == SESSION_READ) {
        char *space = session_space(s, &room);
        assert_non_null(space);
        for (size_t i = 0; i < room; i++)
            space[i] = input[fed++ % (sizeof input - 1)];
        session_received(s, room, 0);
        assert_true(fed <= 2 * BUFFER_SIZE);
    }
    assert_int_equal(session_next(s, 0), SESSION_WRITE);
    assert_int_equal(session_next(s, 0), SESSION_WRITE);
    session_output(s, &room);
    assert_true(room <= BUFFER_SIZE);
    session_close(s);
    buffer_clear_free_list();
}

static void idle_sessions_hold_no_buffer(void **state)
{
    static const struct app *const apps[] = {&app_echo, &app_http};
    static const char request[] = GET("/");
    struct counters counters;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        memset(&counters, 0, sizeof counters);
        struct session *s = session_open(apps[i], &options, &counters, 0);
        size_t n;
        assert_true(session_idle(s));
        memcpy(session_space(s, &n), request, strlen(request));
        session_received(s, strlen(request), 0);
        while (session_next(s, 0) == SESSION_WRITE) {
            assert_false(session_idle(s));
            session_output(s, &n);
            session_sent(s, n, 0);
        }
        assert_true(session_idle(s));
        assert_null(s->in);
        assert_null(s->out);
        session_close(s);
        buffer_clear_free_list();
    }
}

static void draining_ends_after_the_request(void **state)
{
    static const char two[] = GET("/") GET("/");
    struct counters counters;
    memset(&counters, 0, sizeof counters);
    struct session *s = session_open(&app_http, &options, &counters, 0);
    struct transcript t = {.text = calloc(1, 1)};
    size_t n;
    (void)state;
    memcpy(session_space(s, &n), two, strlen(two));
    session_received(s, strlen(two), 0);
    session_drain(s);
    assert_int_equal(session_next(s, 0), SESSION_WRITE);
    collect(&t, s, SIZE_MAX, 0);
    assert_non_null(strstr(t.text, "Connection: close\r\n"));
    assert_int_equal(session_next(s, 0), SESSION_SHUT);
    assert_int_equal(counters.requests, 1);
    free(t.text);
    session_close(s);
    buffer_clear_free_list();
}

/* The rules of time, told by a clock that these tests hold. */
static struct counters counted;

static struct session *open_at(const struct app *app, uint64_t now)
{
    memset(&counted, 0, sizeof counted);
    struct session *s = session_open(app, &options, &counted, now);
    assert_non_null(s);
    assert_int_equal(session_next(s, now), SESSION_READ);
    return s;
}

static enum session_want receive_at(struct session *s, const char *text, uint64_t now)
{
    size_t room;
    memcpy(session_space(s, &room), text, strlen(text));
    session_received(s, strlen(text), now);
    return session_next(s, now);
}

static enum session_want send_at(struct session *s, const char *beginning, uint64_t now)
{
    struct transcript t = {.text = calloc(1, 1)};
    collect(&t, s, SIZE_MAX, now);
    assert_memory_equal(t.text, beginning, strlen(beginning));
    free(t.text);
    return session_next(s, now);
}

static void end(struct session *s)
{
    session_close(s);
    buffer_clear_free_list();
}

/* The deadline is `at`: not a nanosecond earlier. */
static enum session_want expire_at(struct session *s, uint64_t at)
{
    assert_int_equal(session_deadline(s), at);
    assert_false(session_expired(s, at - 1));
    assert_int_equal(session_next(s, at - 1), s->want);
    assert_true(session_expired(s, at));
    return session_next(s, at);
}

static void an_idle_session_is_closed_without_a_word(void **state)
{
    static const struct app *const apps[] = {&app_echo, &app_http};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct session *s = open_at(apps[i], 5);
        assert_int_equal(expire_at(s, 5 + IDLE), SESSION_CLOSE);
        assert_int_equal(counted.timeouts, 1);
        end(s);
    }
}

static void only_the_first_bytes_of_a_head_are_progress(void **state)
{
    (void)state;
    struct session *s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, "GET ", 100), SESSION_READ);
    assert_int_equal(receive_at(s, "/ HTTP/1.1\r\n", 200), SESSION_READ);
    assert_int_equal(session_deadline(s), 100 + IDLE);
    assert_int_equal(receive_at(s, "Host: a\r\nContent-Length: 2\r\n\r\n", 300), SESSION_READ);
    assert_int_equal(session_deadline(s), 300 + IDLE);
    assert_int_equal(session_next(s, 350), SESSION_READ);
    assert_int_equal(session_deadline(s), 300 + IDLE);
    assert_int_equal(receive_at(s, "x", 400), SESSION_READ);
    assert_int_equal(session_deadline(s), 400 + IDLE);
    assert_int_equal(receive_at(s, "y", 500), SESSION_WRITE);
    assert_int_equal(send_at(s, "HTTP/1.1 200 ", 600), SESSION_READ);
    assert_int_equal(session_deadline(s), 600 + IDLE);
    assert_int_equal(counted.timeouts, 0);
    end(s);
}

static void half_a_request_has_a_last_word(void **state)
{
    (void)state;
    struct session *s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, "GET", 100), SESSION_READ);
    assert_int_equal(expire_at(s, 100 + IDLE), SESSION_WRITE);
    assert_int_equal(counted.timeouts, 1);
    assert_int_equal(session_deadline(s), 100 + 2 * IDLE); /* which has a time of its own */
    assert_int_equal(send_at(s, "HTTP/1.1 408 ", 200 + IDLE), SESSION_SHUT);
    end(s);
}

static void a_client_that_does_not_read_is_over(void **state)
{
    (void)state;
    struct session *s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, GET("/bytes/200000"), 100), SESSION_WRITE);
    session_sent(s, 1, 200);
    assert_int_equal(session_next(s, 200), SESSION_WRITE);
    assert_int_equal(expire_at(s, 200 + IDLE), SESSION_CLOSE);
    assert_int_equal(counted.timeouts, 1);
    end(s);
}

static void what_counts_as_sent_may_be_waited_for(void **state)
{
    (void)state;
    struct session *s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, GET("/") "GET", 100), SESSION_WRITE);
    assert_int_equal(send_at(s, "HTTP/1.1 200 ", 200), SESSION_READ);
    session_unsent(s);
    session_alive(s, 300);
    assert_int_equal(session_deadline(s), 300 + IDLE);
    assert_true(session_expired(s, 300 + IDLE)); /* and no last word */
    assert_int_equal(session_next(s, 300 + IDLE), SESSION_CLOSE);
    end(s);
    /* Nor does a later answer's time matter meanwhile. */
    s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, GET("/wait/60000"), 100), SESSION_WAIT);
    session_unsent(s);
    assert_int_equal(session_deadline(s), 100 + IDLE);
    end(s);
}

static void output_in_a_block_may_be_taken_away(void **state)
{
    (void)state;
    struct session *s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, GET("/bytes/20000"), 100), SESSION_WRITE);
    struct buffer *b = session_take_output(s, 200);
    assert_non_null(b);
    assert_memory_equal(b->data + b->start, "HTTP/1.1 200 ", 13);
    uint64_t head_and_part = b->end - b->start;
    assert_int_equal(counted.bytes_out, head_and_part);
    assert_int_equal(session_deadline(s), 200 + IDLE);
    buffer_give(b);

    assert_int_equal(session_next(s, 200), SESSION_WRITE); /* the rest lies elsewhere */
    assert_null(session_take_output(s, 300));
    struct transcript t = {.text = calloc(1, 1)};
    collect(&t, s, SIZE_MAX, 300);
    free(t.text);
    assert_int_equal(session_next(s, 300), SESSION_READ);
    assert_int_equal(counted.bytes_out, head_and_part + t.length);
    assert_null(session_take_output(s, 400));
    end(s);
}

static void waiting_ends_at_its_moment_and_is_progress(void **state)
{
    (void)state;
    uint64_t now = clock_ns();
    struct session *s = open_at(&app_http, now);
    assert_int_equal(receive_at(s, GET("/wait/60000"), now), SESSION_WAIT);
    uint64_t at = session_deadline(s);
    assert_true(at >= now + 60 * NS_PER_S);
    assert_int_equal(expire_at(s, at), SESSION_WRITE);
    assert_int_equal(session_deadline(s), at + IDLE);
    assert_int_equal(counted.timeouts, 0);
    end(s);
}

static void lingering(void **state)
{
    size_t room;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct session *s = open_at(&app_http, 5);
        assert_int_equal(receive_at(s, "nonsense\r\n and more", 100), SESSION_WRITE);
        assert_int_equal(send_at(s, "HTTP/1.1 400 ", 200), SESSION_SHUT);
        assert_int_equal(session_next(s, 300), SESSION_SHUT); /* until it is done */
        session_shut(s, 400);
        assert_int_equal(session_next(s, 400), SESSION_READ);
        assert_null(s->in);
        /* What comes is dropped, and moves nothing. */
        uint64_t in = counted.bytes_in, deadline = session_deadline(s);
        assert_true(deadline > 400 && deadline < 400 + IDLE);
        for (uint64_t now = 500; now < 600; now++) {
            assert_non_null(session_space(s, &room));
            assert_int_equal(room, BUFFER_SIZE);
            session_received(s, room, now);
            assert_int_equal(session_next(s, now), SESSION_READ);
        }
        assert_int_equal(counted.bytes_in, in);
        if (i == 0)
            assert_int_equal(expire_at(s, deadline), SESSION_CLOSE);
        session_eof(s);
        assert_int_equal(session_next(s, 600), SESSION_CLOSE);
        assert_int_equal(counted.timeouts, 0);
        end(s);
    }
}

static void an_idle_session_drains_when_all_was_read(void **state)
{
    (void)state;
    struct session *s = open_at(&app_echo, 5);
    session_dry(s, true); /* that was before */
    session_drain(s);
    assert_int_equal(session_next(s, 100), SESSION_READ);
    assert_int_equal(receive_at(s, "abc", 200), SESSION_WRITE);
    assert_int_equal(send_at(s, "abc", 300), SESSION_READ);
    session_dry(s, true);
    session_drain(s);
    assert_int_equal(session_next(s, 400), SESSION_CLOSE);
    end(s);
    /* The first part of a request is not idle. */
    s = open_at(&app_http, 5);
    assert_int_equal(receive_at(s, "GET / HTTP/1.1\r\n", 100), SESSION_READ);
    session_drain(s);
    session_dry(s, true);
    assert_int_equal(session_next(s, 200), SESSION_READ);
    assert_int_equal(receive_at(s, "Host: a\r\n\r\n", 300), SESSION_WRITE);
    end(s);
}

static void without_a_timeout_there_is_no_deadline(void **state)
{
    static const struct app_options none = {
        .max_body = 1000, .idle_timeout = CLOCK_NEVER, .service = &service};
    (void)state;
    struct session *s = session_open(&app_echo, &none, &counted, 5);
    assert_int_equal(session_next(s, 5), SESSION_READ);
    assert_int_equal(session_deadline(s), CLOCK_NEVER);
    assert_false(session_expired(s, CLOCK_NEVER - 1));
    assert_int_equal(session_next(s, 6), SESSION_READ);
    session_abort(s);
    assert_int_equal(session_next(s, 7), SESSION_CLOSE);
    end(s);
}

static void echo(void **state)
{
    char input[5000];
    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (char)('a' + i % 26);
    for (size_t in = 1; in < sizeof input; in = in * 3 + 1) {
        struct transcript t = converse(&app_echo, input, sizeof input, in, 1 + in / 2, true);
        assert_int_equal(t.end, SESSION_CLOSE);
        assert_int_equal(t.length, sizeof input);
        assert_memory_equal(t.text, input, sizeof input);
        free(t.text);
    }
}

/* An answer is owed to a client that has shut down its sending side, and to no other. */
static void end_of_input(void **state)
{
    (void)state;
    struct transcript t = converse(&app_http, GET("/"), strlen(GET("/")), 7, SIZE_MAX, true);
    assert_int_equal(t.end, SESSION_CLOSE);
    assert_memory_equal(t.text, "HTTP/1.1 200 ", 13);
    free(t.text);
    t = converse(&app_http, "GET / HTTP/1.1\r\n", 16, 7, SIZE_MAX, true);
    assert_int_equal(t.end, SESSION_CLOSE);
    assert_int_equal(t.length, 0);
    free(t.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_cuts),
        cmocka_unit_test(mutations_in_every_cut),
        cmocka_unit_test(large_bodies),
        cmocka_unit_test(output_is_bounded),
        cmocka_unit_test(idle_sessions_hold_no_buffer),
        cmocka_unit_test(draining_ends_after_the_request),
        cmocka_unit_test(an_idle_session_is_closed_without_a_word),
        cmocka_unit_test(only_the_first_bytes_of_a_head_are_progress),
        cmocka_unit_test(half_a_request_has_a_last_word),
        cmocka_unit_test(a_client_that_does_not_read_is_over),
        cmocka_unit_test(what_counts_as_sent_may_be_waited_for),
        cmocka_unit_test(output_in_a_block_may_be_taken_away),
        cmocka_unit_test(waiting_ends_at_its_moment_and_is_progress),
        cmocka_unit_test(lingering),
        cmocka_unit_test(an_idle_session_drains_when_all_was_read),
        cmocka_unit_test(without_a_timeout_there_is_no_deadline),
        cmocka_unit_test(echo),
        cmocka_unit_test(end_of_input),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
