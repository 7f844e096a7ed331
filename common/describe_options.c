#include "common/describe_options.h"

#include <stdio.h>
#include <string.h>

#define PARTS(...)                                                                             \
    (const char *const[]){__VA_ARGS__},                                                        \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static void put_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", stdout);
        else if (*text == '\t')
            fputs("\\t", stdout);
        else if (*text == '\\')
            fputs("\\\\", stdout);
        else
            putchar(*text);
    }
}

void describe_line(const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            putchar('\t');
        put_escaped(parts[i] ? parts[i] : "");
    }
    putchar('\n');
}

static void describe_row(const struct option_row *row)
{
    char letter[2] = {row->letter, '\0'}, words[256] = "";
    if (!row->help)
        return;
    if (row->kind == OPTION_HEADING) {
        describe_line(PARTS("heading", row->help));
        return;
    }
    for (size_t i = 0, used = 0; row->words && row->words[i] && used < sizeof words; i++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i ? "," : "",
                                 row->words[i]);
    describe_line(PARTS("option", letter, row->name, row->argument, words, row->help));
}

void describe_options(const struct command_line *line)
{
    describe_line(PARTS("usage", line->usage));
    describe_line(PARTS("about", line->about));
    describe_line(PARTS("operand", line->operand));
    for (int i = 0; i < COMMAND_LINE_TABLES && line->tables[i]; i++)
        for (const struct option_row *row = line->tables[i]; row->name; row++)
            describe_row(row);
    describe_line(PARTS("option", "h", "help", NULL, NULL, "print the options, and exit"));
    if (line->version)
        describe_line(
            PARTS("option", NULL, "version", NULL, NULL, "print the version, and exit"));
    if (line->notes)
        describe_line(PARTS("notes", line->notes));
}
