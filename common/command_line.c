#include "common/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/describe_options.h"
#include "common/err.h"
#include "common/output.h"
#include "common/parse.h"

/* Where the texts of --help begin. */
#define HELP_COLUMN 26

enum { HELP = 256, VERSION, FIRST_ROW };

/* Options of all tables of a program at the most. */
#define OPTIONS_MAX 96

/* The rows that are options, and what getopt_long() is to be told of them. */
struct known {
    const struct option_row *rows[OPTIONS_MAX]; /* the first of `longs` */
    struct option longs[OPTIONS_MAX + 3];       /* then --help, --version and a zero */
    char letters[2 * OPTIONS_MAX + 4];
    size_t count; /* of `longs` */
};

/* The first row, or the row after `row`, of all tables; NULL after the last. `*table` is which
 * table the row is of: 0 before the first call. */
static const struct option_row *next_row(const struct command_line *line, int *table,
                                         const struct option_row *row)
{
    row = row ? row + 1 : line->tables[0];
    while (row && !row->name)
        row = ++*table < COMMAND_LINE_TABLES ? line->tables[*table] : NULL;
    return row;
}

static void add(struct known *k, const char *name, bool takes_value, int value)
{
    k->longs[k->count++] = (struct option){
        .name = name, .has_arg = takes_value ? required_argument : no_argument, .val = value};
}

static void collect(struct known *k, const struct command_line *line)
{
    int table = 0;
    char *letter = k->letters;
    if (line->leading)
        *letter++ = '+';
    *letter++ = ':'; /* tells a missing value from an unknown option */
    *letter++ = 'h';
    for (const struct option_row *row = NULL; (row = next_row(line, &table, row));) {
        if (row->kind == OPTION_HEADING)
            continue;
        if (k->count == OPTIONS_MAX)
            die("more than %d options in the tables", OPTIONS_MAX);
        if (row->letter)
            *letter++ = row->letter;
        if (row->letter && row->argument)
            *letter++ = ':';
        k->rows[k->count] = row;
        add(k, row->name, row->argument, FIRST_ROW + (int)k->count);
    }
    add(k, "help", false, HELP);
    if (line->version)
        add(k, "version", false, VERSION);
}

/* The row of what getopt_long() returned; NULL for --help and --version. */
static const struct option_row *row_of(const struct known *k, int value)
{
    if (value >= FIRST_ROW)
        return k->rows[value - FIRST_ROW];
    for (size_t i = 0; i < OPTIONS_MAX && k->rows[i]; i++)
        if (k->rows[i]->letter == value)
            return k->rows[i];
    return NULL;
}

static char *place(const struct option_row *row, void *target)
{
    return row->variable ? row->variable : (char *)target + row->field;
}

static void store(const struct option_row *row, void *target, uint64_t value)
{
    char *field = place(row, target);
    switch (row->size) {
    case 1:
        *(uint8_t *)field = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)(void *)field = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)(void *)field = (uint32_t)value;
        break;
    default:
        *(uint64_t *)(void *)field = value;
    }
}

_Noreturn static void refuse(const struct option_row *row, const char *value)
{
    unsigned long long low = row->low, high = row->high;
    const char *name = row->name;

    if (row->expects)
        die_usage("--%s: '%s' is not %s", name, value, row->expects);
    switch (row->kind) {
    case OPTION_NUMBER:
        die_usage("--%s: '%s' is not a number from %llu to %llu", name, value, low, high);
    case OPTION_SIZE:
        die_usage("--%s: '%s' is not a size such as 64k, from %llu to %llu bytes", name, value,
                  low, high);
    case OPTION_TIME:
        die_usage("--%s: '%s' is not a time such as 20ms or 1.5s%s, at most %g s", name, value,
                  low ? ", above 0" : "", (double)high / NS_PER_S);
    case OPTION_RATE:
        die_usage("--%s: '%s' is not a rate such as 0.5, 1500 or 1.5k, from %g to %.0f", name,
                  value, (double)low / 1e3, (double)high / 1e3);
    default:
        die_usage("--%s: '%s' is not %s", name, value, row->argument);
    }
}

static void read_word(const struct option_row *row, void *target, const char *value)
{
    char all[256] = "";
    for (unsigned i = 0; row->words[i]; i++) {
        if (strcmp(value, row->words[i]) == 0) {
            store(row, target, i);
            return;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s",
                 i == 0              ? ""
                 : row->words[i + 1] ? ", "
                                     : " or ",
                 row->words[i]);
    }
    die_usage("--%s: '%s' is not %s", row->name, value, row->expects ? row->expects : all);
}

static void read_value(const struct option_row *row, void *target, const char *value)
{
    uint64_t number = 1;
    bool good = true;
    switch (row->kind) {
    case OPTION_HEADING:
        return;
    case OPTION_TEXT:
        memcpy(place(row, target), &value, sizeof value);
        return;
    case OPTION_WORD:
        read_word(row, target, value);
        return;
    case OPTION_CALL:
        if (!row->call(target, value))
            refuse(row, value ? value : "");
        return;
    case OPTION_FLAG:
        break;
    case OPTION_NUMBER:
        good = parse_u64(value, row->low, row->high, &number);
        break;
    case OPTION_SIZE:
        good = parse_size(value, row->low, row->high, &number);
        break;
    case OPTION_TIME:
        good = parse_duration(value, row->low, row->high, &number);
        break;
    case OPTION_RATE:
        good = parse_rate_milli(value, row->low, row->high, &number);
        break;
    }
    if (!good)
        refuse(row, value);
    store(row, target, number);
}

/* getopt_long() could not take `word`. `optopt` is the value of an option that is known, a letter,
 * or 0. */
_Noreturn static void wrong(const struct known *k, int value, const char *word)
{
    int name = (int)strcspn(word, "=");
    unsigned fits = 0;
    for (size_t i = 0; i < k->count && optopt == 0 && name > 2; i++)
        fits += strncmp(word + 2, k->longs[i].name, (size_t)name - 2) == 0;
    if (fits > 1)
        die_usage("'%.*s' may be short for several options", name, word);
    if (value == ':' && optopt < HELP)
        die_usage("-%c needs a value", optopt);
    if (value == ':')
        die_usage("%.*s needs a value", name, word);
    if (optopt >= HELP)
        die_usage("%.*s takes no value", name, word);
    if (optopt != 0)
        die_usage("unknown option '-%c'", optopt);
    die_usage("unknown option '%.*s'", name, word);
}

static void print_version(const struct command_line *line)
{
    puts(line->version);
}

_Noreturn static void end_after(void (*print)(const struct command_line *),
                                const struct command_line *line)
{
    print(line);
    output_finish();
    exit(EXIT_SUCCESS);
}

int command_line_read(const struct command_line *line, int argc, char **argv)
{
    struct known k = {.count = 0};
    if (argc == 2 && strcmp(argv[1], DESCRIBE_OPTIONS) == 0)
        end_after(describe_options, line);
    collect(&k, line);
    opterr = 0;
    optind = 0; /* from the start, whatever was read before (getopt(3), notes) */
    for (;;) {
        int value = getopt_long(argc, argv, k.letters, k.longs, NULL);
        if (value == -1)
            return optind;
        if (value == ':' || value == '?')
            wrong(&k, value, argv[optind - 1]);
        const struct option_row *row = row_of(&k, value);
        if (row) {
            read_value(row, line->target, optarg);
            continue;
        }
        end_after(value == VERSION ? print_version : command_line_help, line);
    }
}

void command_line_wrap(const char *text, size_t at, size_t indent)
{
    for (;;) {
        size_t blanks = strspn(text, " ");
        size_t n = blanks + strcspn(text + blanks, " \n");
        if (at > indent && at + n > COMMAND_LINE_WIDTH) {
            putchar('\n');
            at = 0;
            text += blanks;
            n -= blanks;
        }
        if (at < indent)
            at += (size_t)printf("%*s", (int)(indent - at), "");
        at += (size_t)printf("%.*s", (int)n, text);
        text += n;
        if (*text == '\0')
            break;
        if (*text == '\n') {
            putchar('\n');
            at = 0;
            text++;
        }
    }
    putchar('\n');
}

static void show(const struct option_row *row, bool letters)
{
    if (row->kind == OPTION_HEADING) {
        printf("\n%s\n", row->help);
        return;
    }
    int at = row->letter ? printf("  -%c, ", row->letter) : printf(letters ? "      " : "  ");
    at += printf("--%s%s%s", row->name, row->argument ? " " : "",
                 row->argument ? row->argument : "");
    if (at > HELP_COLUMN - 2) {
        putchar('\n');
        at = 0;
    }
    command_line_wrap(row->help, (size_t)at, HELP_COLUMN);
}

void command_line_help(const struct command_line *line)
{
    const struct option_row *row = NULL;
    bool letters = false;
    int table = 0;

    while (!letters && (row = next_row(line, &table, row)))
        letters = row->letter != 0;
    printf("Usage: %s\n", line->usage);
    command_line_wrap(line->about, 0, 0);
    if (line->tables[0] && line->tables[0]->kind != OPTION_HEADING)
        putchar('\n');
    for (table = 0, row = NULL; (row = next_row(line, &table, row));)
        if (row->help)
            show(row, letters);
    printf("  -h, --help%s\n", line->version ? ", --version" : "");
    if (line->notes) {
        putchar('\n');
        command_line_wrap(line->notes, 0, 0);
    }
}
