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

/* A name in /etc/hosts and each family's address: what a name gives depends on the machine, so
 * that only what must hold of all is asked. */
static void all_addresses_of_a_name(void **state)
{
    struct addr all[ADDR_LIST_MAX], first;
    char error[256], text[ADDR_TEXT_MAX];
    (void)state;
    size_t n =
        addr_resolve_all("localhost:81", ADDR_CONNECT, all, ADDR_LIST_MAX, error, sizeof error);
    assert_in_range(n, 1, ADDR_LIST_MAX);
    for (size_t i = 0; i < n; i++) {
        addr_format(&all[i], text);
        if (strncmp(text, "127.", 4) != 0 && strcmp(text, "[::1]:81") != 0)
            fail_msg("localhost is %s", text);
        for (size_t k = 0; k < i; k++)
            assert_false(addr_equal(&all[i], &all[k]));
    }
    assert_true(addr_parse("localhost:81", &first, error, sizeof error));
    assert_true(addr_equal(&first, &all[0]));
    assert_int_equal(
        addr_resolve_all("localhost:81", ADDR_CONNECT, all, 1, error, sizeof error), 1);
    assert_true(addr_equal(&first, &all[0]));
}

static void an_address_is_its_only_one(void **state)
{
    static const char *const texts[] = {"127.0.0.1:80", "[::1]:80", "unix:@x", "unix:/x"};
    struct addr all[ADDR_LIST_MAX];
    char error[256], text[ADDR_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(
            addr_resolve_all(texts[i], ADDR_LISTEN, all, ADDR_LIST_MAX, error, sizeof error),
            1);
        assert_string_equal(addr_format(&all[0], text), texts[i]);
    }
}

static void every_address_can_be_listened_on(void **state)
{
    struct addr all[ADDR_LIST_MAX];
    char error[256], text[ADDR_TEXT_MAX];
    bool v4 = false;
    (void)state;
    size_t n = addr_resolve_all("*:82", ADDR_LISTEN, all, ADDR_LIST_MAX, error, sizeof error);
    assert_in_range(n, 1, 2);
    for (size_t i = 0; i < n; i++) {
        addr_format(&all[i], text);
        v4 = v4 || strcmp(text, "0.0.0.0:82") == 0;
        if (strcmp(text, "0.0.0.0:82") != 0 && strcmp(text, "[::]:82") != 0)
            fail_msg("'*' is %s", text);
    }
    assert_true(v4);
    assert_int_equal(
        addr_resolve_all("*:82", ADDR_CONNECT, all, ADDR_LIST_MAX, error, sizeof error), 0);
    assert_non_null(strstr(error, "'*'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(refused),
        cmocka_unit_test(the_longest_path),
        cmocka_unit_test(an_address_the_kernel_chose),
        cmocka_unit_test(all_addresses_of_a_name),
        cmocka_unit_test(an_address_is_its_only_one),
        cmocka_unit_test(every_address_can_be_listened_on),
    };
    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
