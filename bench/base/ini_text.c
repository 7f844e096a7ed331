#include "bench/base/ini_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

/* inih cuts names of keys and sections off after so many bytes, and says nothing. */
#define NAME_MAX_BYTES 49

static const char blanks[] = " \t\r\v\f";

/* inih is given the same lines with the number of the line in place of each value. */
struct values {
    struct value {
        const char *from;
        size_t size;
        bool goes_on;
    } * at; /* by line number */
    struct ini_place *place;
    ini_handler handler;
    void *user;
    unsigned long refused; /* the first line that the handler refused; 0: none */
};

static int give_value(void *user, const char *section, const char *name, const char *number)
{
    struct values *values = user;
    unsigned long line = strtoul(number, NULL, 10);
    const struct value *v = &values->at[line];
    values->place->line = (int)line;
    values->place->goes_on = v->goes_on;
    char *text = text_format("%.*s", (int)v->size, v->from);
    int accepted = values->handler(values->user, section, name, text);
    free(text);
    if (!accepted && values->refused == 0)
        values->refused = line;
    return accepted;
}

static struct value trimmed(const char *from, const char *end)
{
    while (from < end && strchr(blanks, *from))
        from++;
    while (end > from && strchr(blanks, end[-1]))
        end--;
    return (struct value){.from = from, .size = (size_t)(end - from)};
}

static void put_section(FILE *f, struct value line)
{
    const char *close = memchr(line.from, ']', line.size);
    bool good = close && close - line.from <= NAME_MAX_BYTES &&
                trimmed(close + 1, line.from + line.size).size == 0;
    fprintf(f, "%.*s\n", good ? (int)line.size : 1, line.from);
}

/* Write line `number` for inih to read; `after_key` says whether a key came before that it can go
 * on with. */
static void put_line(FILE *f, size_t number, const char *from, const char *end, bool *after_key,
                     struct value *value)
{
    struct value line = trimmed(from, end);
    const char *equals = line.from + strcspn(line.from, "=:\n");
    struct value name = trimmed(line.from, equals);
    if (line.size == 0 || line.from[0] == ';' || line.from[0] == '#') {
        fputc('\n', f);
    } else if (*after_key && line.from > from) {
        *value = line;
        value->goes_on = true;
        fprintf(f, " %zu\n", number);
    } else if (line.from[0] == '[') {
        *after_key = false;
        put_section(f, line);
    } else if (equals >= line.from + line.size || name.size == 0 ||
               name.size > NAME_MAX_BYTES) {
        fputs("?\n", f); /* neither a section nor a key: inih refuses the line */
    } else {
        *after_key = true;
        *value = trimmed(equals + 1, line.from + line.size);
        fprintf(f, "%.*s=%zu\n", (int)name.size, name.from, number);
    }
}

int ini_text_parse(const char *text, ini_handler handler, void *user, struct ini_place *place)
{
    char *lines;
    size_t size, count = 1;
    bool after_key = false;
    FILE *f = open_memstream(&lines, &size);
    if (!f)
        die("out of memory");
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        count++;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3; /* the mark of UTF-8, that some editors write */
    struct values values = {.at = xcalloc(count + 1, sizeof *values.at),
                            .place = place,
                            .handler = handler,
                            .user = user};

    for (size_t number = 1; number <= count; number++) {
        const char *end = strchrnul(text, '\n');
        put_line(f, number, text, end, &after_key, &values.at[number]);
        text = end + 1;
    }
    if (fclose(f) != 0)
        die("out of memory");
    /* inih goes on after a bad line, but returns the first. */
    int bad = ini_parse_string(lines, give_value, &values);
    place->refused = bad != 0 && values.refused == (unsigned long)bad;
    free(values.at);
    free(lines);
    return bad;
}
