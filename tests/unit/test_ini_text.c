#include "bench/base/ini_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* What a handler was given, as "[section]key=value\n" each. */
static char given[8192];
/* The lines that it was given them of; a '+' where the line goes on. */
static char places[8192];

static struct ini_place place;

static int keep(void *user, const char *section, const char *name, const char *value)
{
    (void)user;
    size_t used = strlen(given);
    snprintf(given + used, sizeof given - used, "[%s]%s=%s\n", section, name, value);
    used = strlen(places);
    snprintf(places + used, sizeof places - used, "%d%s ", place.line,
             place.goes_on ? "+" : "");
    return strcmp(name, "refused") != 0;
}

static int parse(const char *text)
{
    given[0] = '\0';
    places[0] = '\0';
    return ini_text_parse(text, keep, NULL, &place);
}

static void gives_sections_keys_and_lines_that_go_on(void **state)
{
    (void)state;
    assert_int_equal(parse("# comment\n[a]\nx = 1\n  more\n\n[ b ] \r\n y: 2 \n"), 0);
    assert_string_equal(given, "[a]x=1\n[a]x=more\n[ b ]y=2\n");
    assert_string_equal(places, "3 4+ 7 ");
    assert_int_equal(parse("[a]\nx ="), 0);
    assert_string_equal(given, "[a]x=\n");
    assert_int_equal(parse("\xEF\xBB\xBF[a]\nx = 1\n"), 0);
    assert_string_equal(given, "[a]x=1\n");
    assert_int_equal(parse(""), 0);
    assert_string_equal(given, "");
}

static void a_semicolon_belongs_to_its_value(void **state)
{
    (void)state;
    assert_int_equal(parse("[a]\nx = sh -c 'one ; two' # three\n  ; no more\n;x = 2\n"), 0);
    assert_string_equal(given, "[a]x=sh -c 'one ; two' # three\n");
}

/* Longer than INI_MAX_LINE, with a blank wherever inih alone might cut. */
static void long_lines_are_whole(void **state)
{
    (void)state;
    char words[2001] = "";
    for (int i = 0; i < 500; i++)
        strcat(words, "a=b ");
    words[strlen(words) - 1] = '\0';
    char text[8000], wanted[8000];
    snprintf(text, sizeof text, "[s]\n# %s\nx = %s\n  %s\n", words, words, words);
    snprintf(wanted, sizeof wanted, "[s]x=%s\n[s]x=%s\n", words, words);
    assert_int_equal(parse(text), 0);
    assert_string_equal(given, wanted);
}

static void names_the_first_bad_line(void **state)
{
    (void)state;
    assert_int_equal(parse("[a]\nno value\nrefused = 1\n"), 2);
    assert_false(place.refused);
    assert_int_equal(parse("[a\nrefused = 1\n"), 1);
    assert_false(place.refused);
    assert_int_equal(parse("[a ;b]\nrefused = 1\n"), 1);
    assert_false(place.refused);
    assert_int_equal(parse("[a]\nx = 1\n[b\n"), 3);
    assert_int_equal(parse("[a] x = 1\n"), 1);
    assert_int_equal(parse("[a]\n= 1\n"), 2);
    assert_int_equal(parse("[a]\nx = 1\nrefused = 2\n[b\n"), 3);
    assert_true(place.refused);
}

/* inih would cut them and go on. */
static void long_names_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("[a23456789012345678901234567890123456789012345678]\nx = 1\n"), 0);
    assert_int_equal(parse("[a2345678901234567890123456789012345678901234567890]\n"), 1);
    assert_int_equal(parse("[a]\nx234567890123456789012345678901234567890123456789 = 1\n"), 0);
    assert_int_equal(parse("[a]\nx2345678901234567890123456789012345678901234567890 = 1\n"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_sections_keys_and_lines_that_go_on),
        cmocka_unit_test(a_semicolon_belongs_to_its_value),
        cmocka_unit_test(long_lines_are_whole),
        cmocka_unit_test(names_the_first_bad_line),
        cmocka_unit_test(long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
