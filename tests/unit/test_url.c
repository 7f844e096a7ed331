/* URLs of the load generator. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/url.h"

static const struct good {
    const char *text, *address, *host, *target;
    enum url_protocol protocol;
} good[] = {
    {"http://127.0.0.1:8080/", "127.0.0.1:8080", "127.0.0.1:8080", "/", URL_HTTP},
    {"http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080", "/", URL_HTTP},
    {"http://127.0.0.1", "127.0.0.1:80", "127.0.0.1", "/", URL_HTTP},
    {"HTTP://127.0.0.1/bytes/64", "127.0.0.1:80", "127.0.0.1", "/bytes/64", URL_HTTP},
    {"http://[::1]:8080/a/b?c=d&e=%20", "[::1]:8080", "[::1]:8080", "/a/b?c=d&e=%20", URL_HTTP},
    {"http://[::1]/", "[::1]:80", "[::1]", "/", URL_HTTP},
    {"http://127.0.0.1:1?q", "127.0.0.1:1", "127.0.0.1:1", "/?q", URL_HTTP},
    {"http://127.0.0.1:1/p#fragment", "127.0.0.1:1", "127.0.0.1:1", "/p", URL_HTTP},
    {"http://127.0.0.1:1#f", "127.0.0.1:1", "127.0.0.1:1", "/", URL_HTTP},
    {"http://127.0.0.1:1/a:b@c", "127.0.0.1:1", "127.0.0.1:1", "/a:b@c", URL_HTTP},
    {"echo://127.0.0.1:7", "127.0.0.1:7", "127.0.0.1:7", "", URL_ECHO},
    {"echo://[::1]:7/", "[::1]:7", "[::1]:7", "", URL_ECHO},
    {"http+unix:///run/x.sock", "unix:/run/x.sock", "localhost", "/", URL_HTTP},
    {"http+unix:///run/x.sock:/bytes/9?z", "unix:/run/x.sock", "localhost", "/bytes/9?z",
     URL_HTTP},
    {"http+unix:///run/a:b:/c", "unix:/run/a:b", "localhost", "/c", URL_HTTP},
    {"http+unix://@name", "unix:@name", "localhost", "/", URL_HTTP},
    {"http+unix://@name:/x", "unix:@name", "localhost", "/x", URL_HTTP},
    {"echo+unix:///run/x.sock", "unix:/run/x.sock", "localhost", "", URL_ECHO},
    {"echo+unix://@name", "unix:@name", "localhost", "", URL_ECHO},
};

static const struct bad {
    const char *text, *error; /* what the message must contain */
} bad[] = {
    {"", "does not begin with"},
    {"127.0.0.1:8080", "does not begin with"},
    {"ftp://127.0.0.1/", "does not begin with"},
    {"http:/127.0.0.1/", "does not begin with"},
    {"https://127.0.0.1/", "TLS"},
    {"http://", "no host"},
    {"http:///path", "no host"},
    {"http://:8080/", "no host"},
    {"http://127.0.0.1:/", "not a port"},
    {"http://127.0.0.1:0/", "not a port"},
    {"http://127.0.0.1:65536/", "not a port"},
    {"http://127.0.0.1:80x/", "not a port"},
    {"http://127.0.0.1:-1/", "not a port"},
    {"http://user@127.0.0.1/", "user names"},
    {"http://::1:80/", ""},
    {"http://[::1/", ""},
    {"http://[127.0.0.1]/", ""},
    {"http://[]/", ""},
    {"http://127.0.0.1/a b", "0x20"},
    {"http://127.0.0.1/a\r\nHost: x", "0x0d"},
    {"http://127.0.0.1/\xc3\xa9", "0xc3"},
    {"http://127.0.0.1/<", "0x3c"},
    {"echo://127.0.0.1", "needs a port"},
    {"echo://127.0.0.1:7/path", "no path"},
    {"echo+unix:///run/x.sock:/path", "no path"},
    {"http+unix://relative", "///PATH"},
    {"http+unix://", "///PATH"},
    {"http+unix://@", "no path"},
};

static void good_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct url url;
        char error[512] = "";
        char text[ADDR_TEXT_MAX];
        if (!url_parse(good[i].text, &url, error, sizeof error))
            fail_msg("%s: %s", good[i].text, error);
        assert_string_equal(addr_format(&url.addr, text), good[i].address);
        assert_string_equal(url.host, good[i].host);
        assert_string_equal(url.target, good[i].target);
        assert_int_equal(url.protocol, good[i].protocol);
    }
}

/* The loopback's interface is number 1 on every Linux, and called lo. */
static void zones(void **state)
{
    static const struct {
        const char *text, *host;
        uint32_t zone;
    } cases[] = {
        {"http://[fe80::1%1]:8080/", "[fe80::1]:8080", 1},
        {"http://[fe80::1%251]:8080/", "[fe80::1]:8080", 1},
        {"http://[fe80::1%25%31]/x", "[fe80::1]", 1},
        {"http://[fe80::1%25lo]:8080/", "[fe80::1]:8080", 1},
        {"http://[fe80::1%lo]:8080/", "[fe80::1]:8080", 1},
        {"http://[fe80::1%25]:8080/", "[fe80::1]:8080", 25},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct url url;
        char error[512] = "";
        if (!url_parse(cases[i].text, &url, error, sizeof error))
            fail_msg("%s: %s", cases[i].text, error);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(((struct sockaddr_in6 *)&url.addr.storage)->sin6_scope_id,
                         cases[i].zone);
    }
    struct url url;
    char error[512] = "";
    assert_false(url_parse("http://[fe80::1%25no-such-if]/", &url, error, sizeof error));
    assert_non_null(strstr(error, "fe80::1%no-such-if"));
}

static void bad_urls_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct url url;
        char error[512] = "";
        if (url_parse(bad[i].text, &url, error, sizeof error))
            fail_msg("%s was taken", bad[i].text);
        if (!strstr(error, bad[i].error) || strchr(error, '\n') || error[0] == '\0')
            fail_msg("%s: said '%s'", bad[i].text, error);
    }
}

static void long_urls(void **state)
{
    (void)state;
    char text[URL_TEXT_MAX + 100];
    struct url url;
    char error[512];

    memset(text, 'a', sizeof text);
    memcpy(text, "http://127.0.0.1/", 17);
    text[sizeof text - 1] = '\0';
    assert_false(url_parse(text, &url, error, sizeof error));
    text[URL_TEXT_MAX - 2] = '\0';
    assert_true(url_parse(text, &url, error, sizeof error));
    assert_int_equal(strlen(url.target), URL_TEXT_MAX - 2 - 16);

    memset(text, 'h', sizeof text);
    memcpy(text, "http://", 7);
    text[600] = '\0';
    assert_false(url_parse(text, &url, error, sizeof error));
    memset(text, 's', sizeof text);
    memcpy(text, "http+unix:///", 13);
    text[300] = '\0';
    assert_false(url_parse(text, &url, error, sizeof error));
}

/* What the driver asks for by hand, it asks for as it stands; so must the generator. */
static void a_single_url_has_no_weight(void **state)
{
    static const char *const targets[] = {"/pkg/left-pad@2", "/@7", "/a@2@3", "/?q@1", "/@0"};
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct weighted_url u;
        char error[512], text[64];
        snprintf(text, sizeof text, "http://127.0.0.1:1%s", targets[i]);
        assert_true(url_parse_single(text, &u, error, sizeof error));
        assert_string_equal(u.url.target, targets[i]);
        assert_string_equal(u.text, text);
        assert_int_equal(u.weight, 1);
        free(u.text);
    }
}

static void weights(void **state)
{
    static const struct {
        const char *text, *url, *target;
        uint32_t weight;
    } cases[] = {
        {"http://127.0.0.1:1/a", "http://127.0.0.1:1/a", "/a", 1},
        {"http://127.0.0.1:1/a@7", "http://127.0.0.1:1/a", "/a", 7},
        {"http://127.0.0.1:1/@7", "http://127.0.0.1:1/", "/", 7},
        {"http://127.0.0.1:1@1000000", "http://127.0.0.1:1", "/", 1000000},
        {"http://127.0.0.1:1/a@x", "http://127.0.0.1:1/a@x", "/a@x", 1},
        {"http://127.0.0.1:1/a@", "http://127.0.0.1:1/a@", "/a@", 1},
        {"http://127.0.0.1:1/a@2@3", "http://127.0.0.1:1/a@2", "/a@2", 3},
        {"http+unix://@77", "http+unix://@77", "/", 1},
        {"http+unix://@77@8", "http+unix://@77", "/", 8},
        {"http+unix:///x:/y@8", "http+unix:///x:/y", "/y", 8},
    };
    char error[512];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct weighted_url u;
        if (!url_parse_weighted(cases[i].text, &u, error, sizeof error))
            fail_msg("%s: %s", cases[i].text, error);
        assert_string_equal(u.text, cases[i].url);
        assert_string_equal(u.url.target, cases[i].target);
        assert_int_equal(u.weight, cases[i].weight);
        free(u.text);
    }
    struct weighted_url u;
    assert_false(url_parse_weighted("http://127.0.0.1:1/@0", &u, error, sizeof error));
    assert_non_null(strstr(error, "weight"));
    assert_false(url_parse_weighted("http://127.0.0.1:1/@1000001", &u, error, sizeof error));
    assert_false(url_parse_weighted("http://:1/@5", &u, error, sizeof error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls),
        cmocka_unit_test(zones),
        cmocka_unit_test(bad_urls_are_named),
        cmocka_unit_test(long_urls),
        cmocka_unit_test(a_single_url_has_no_weight),
        cmocka_unit_test(weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
