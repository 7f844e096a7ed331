#include "common/addr.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static void there_and_back(void **state)
{
    static const struct {
        const char *text;
        int family;
    } cases[] = {
        {"127.0.0.1:8080", AF_INET},   {"0.0.0.0:0", AF_INET},
        {"[::1]:65535", AF_INET6},     {"[2001:db8::1]:80", AF_INET6},
        {"unix:/tmp/x.sock", AF_UNIX}, {"unix:relative", AF_UNIX},
        {"unix:@abstract", AF_UNIX},   {"unix:/with:colon", AF_UNIX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr a;
        char error[256], text[ADDR_TEXT_MAX];
        if (!addr_parse(cases[i].text, &a, error, sizeof error))
            fail_msg("%s: %s", cases[i].text, error);
        assert_int_equal(addr_family(&a), cases[i].family);
        assert_string_equal(addr_format(&a, text), cases[i].text);
    }
}

static void refused(void **state)
{
    static const char *const cases[] = {
        "",       ":80",       "127.0.0.1",   "127.0.0.1:",  "127.0.0.1:65536", "127.0.0.1:-1",
        "::1:80", "[::1]",     "[::1:80",     "[]:80",       "[127.0.0.1]x:80", "unix:",
        "unix:@", "1.2.3.4:x", "1.2.3.4: 80", "1.2.3.4:80 ", "[nonsense]:80",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct addr a;
        char error[256] = "";
        if (addr_parse(cases[i], &a, error, sizeof error))
            fail_msg("accepted: '%s'", cases[i]);
        assert_true(strlen(error) > 0);
        assert_null(strchr(error, '\n'));
    }
}

/* 107 bytes and the terminator fill sun_path on Linux. */
static void the_longest_path(void **state)
{
    struct addr a;
    char error[256], text[256] = "unix:", back[ADDR_TEXT_MAX];
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    (void)state;
    memset(text + 5, 'x', most);
    assert_true(addr_parse(text, &a, error, sizeof error));
    assert_string_equal(addr_format(&a, back), text);
    text[5 + most] = 'x';
    assert_false(addr_parse(text, &a, error, sizeof error));
    text[5] = '@';
    text[5 + most] = '\0';
    assert_true(addr_parse(text, &a, error, sizeof error));
    assert_string_equal(addr_format(&a, back), text);
}

static void an_address_the_kernel_chose(void **state)
{
    struct addr a, local;
    char error[256];
    (void)state;
    assert_true(addr_parse("127.0.0.1:0", &a, error, sizeof error));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, addr_sockaddr(&a), a.len), 0);
    assert_true(addr_local(fd, &local));
    assert_int_not_equal(((struct sockaddr_in *)&local.storage)->sin_port, 0);
    close(fd);
    assert_false(addr_local(fd, &local));
}

static void all_addresses_of_a_name(void **state)
{
    struct addr a[8];
    char error[256], text[ADDR_TEXT_MAX];
    (void)state;
    size_t n = addr_resolve("localhost:80", a, 8, error, sizeof error);
    assert_in_range(n, 1, 8);
    for (size_t i = 0; i < n; i++) {
        addr_format(&a[i], text);
        if (strcmp(text, "127.0.0.1:80") != 0 && strcmp(text, "[::1]:80") != 0)
            fail_msg("localhost is %s", text);
        for (size_t k = 0; k < i; k++)
            assert_false(addr_equal(&a[i], &a[k]));
    }
    assert_int_equal(addr_resolve("localhost:80", a, 1, error, sizeof error), 1);
    assert_int_equal(addr_resolve("127.0.0.1:80", a, 8, error, sizeof error), 1);
    assert_int_equal(addr_resolve("unix:/x", a, 8, error, sizeof error), 1);
    assert_int_equal(addr_resolve("nonsense", a, 8, error, sizeof error), 0);
}

static void ports(void **state)
{
    struct addr a;
    char error[256];
    (void)state;
    assert_true(addr_parse("[::1]:8080", &a, error, sizeof error));
    assert_int_equal(addr_port(&a), 8080);
    addr_set_port(&a, 65535);
    assert_int_equal(addr_port(&a), 65535);
    assert_true(addr_parse("unix:/x", &a, error, sizeof error));
    addr_set_port(&a, 1);
    assert_int_equal(addr_port(&a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(refused),
        cmocka_unit_test(the_longest_path),
        cmocka_unit_test(an_address_the_kernel_chose),
        cmocka_unit_test(all_addresses_of_a_name),
        cmocka_unit_test(ports),
    };
    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
