#include "common/http_field.h"

#include <stdlib.h>

#include "unit.h"

/* Made of `text` in memory of its own, so that a sanitizer sees what is read beyond the end. */
static struct http_text text_of(const char *text)
{
    size_t n = strlen(text);
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    return (struct http_text){copy, copy + n};
}

static void release(struct http_text t)
{
    free((void *)(uintptr_t)t.at);
}

static void reads_name_and_value(void **state)
{
    static const char *const good[][3] = {
        {"Host: x", "host", "x"},      {"A:", "a", ""},       {"a-b:\t  ", "A-B", ""},
        {"A: \t b  c\t", "a", "b  c"}, {"A:b:c", "a", "b:c"}, {"A: \xc3\xa9", "a", "\xc3\xa9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct http_text line = text_of(good[i][0]), name, value;
        assert_null(http_field_read(line, &name, &value));
        assert_true(http_is(name, good[i][1]));
        assert_int_equal(http_size(value), strlen(good[i][2]));
        assert_memory_equal(value.at, good[i][2], http_size(value));
        release(line);
    }
}

static void tells_what_is_wrong(void **state)
{
    static const char *const wrong[][2] = {
        {"", "not a token"},         {"no colon", "space before the colon"},
        {"name", "not a token"},     {"a(b: c", "not a token"},
        {"A : b", "space before"},   {"A\t: b", "space before"},
        {" A: b", "folded"},         {"\tA: b", "folded"},
        {": b", "empty field name"}, {"A: b\x01", "control character"},
        {"A: \x7f", "control char"}, {"A:\r", "control character"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct http_text line = text_of(wrong[i][0]), name, value;
        const char *reason = http_field_read(line, &name, &value);
        assert_non_null(reason);
        assert_non_null(strstr(reason, wrong[i][1]));
        release(line);
    }
}

static void goes_through_lists(void **state)
{
    (void)state;
    struct http_text whole = text_of("a,, b c\t ,close"), list = whole, element;
    static const char *const elements[] = {"a", "", "b c", "close"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(http_list_next(&list, &element));
        assert_true(http_is(element, elements[i]));
    }
    assert_false(http_list_next(&list, &element));
    assert_true(http_list_has(whole, "CLOSE"));
    assert_true(http_list_has(whole, "a"));
    assert_false(http_list_has(whole, "b"));
    assert_false(http_list_has(whole, "clos"));
    release(whole);
    whole = text_of("");
    assert_false(http_list_has(whole, "a"));
    release(whole);
}

static void reads_lengths(void **state)
{
    static const struct {
        const char *text;
        uint64_t length;
    } good[] = {{"0", 0},
                {"0005", 5},
                {"9223372036854775808", UINT64_C(9223372036854775808)},
                {"18446744073709551615", UINT64_MAX},
                {"18446744073709551616", UINT64_MAX},
                {"99999999999999999999999", UINT64_MAX}};
    static const char *const wrong[] = {"",    "-1",  "+1",  "1 ",
                                        "0x1", "1,1", "1.0", "99999999999999999999x"};
    uint64_t length;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct http_text t = text_of(good[i].text);
        assert_true(http_read_length(t, &length));
        assert_int_equal(length, good[i].length);
        release(t);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct http_text t = text_of(wrong[i]);
        assert_false(http_read_length(t, &length));
        release(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_name_and_value),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(goes_through_lists),
        cmocka_unit_test(reads_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
