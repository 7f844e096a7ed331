#include "common/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

/* Where the texts of --help begin. */
#define HELP_COLUMN 26

enum { HELP = 256, VERSION, FIRST_ROW };

/* The rows that are options, and what getopt_long() is to be told of them. */
struct known {
    const struct option_row **rows;
    struct option *longs; /* the last is all zero */
    char *letters;
    size_t count;
};

static void add(struct known *k, const char *name, bool takes_value, int value)
{
    k->longs[k->count++] = (struct option){
        .name = name, .has_arg = takes_value ? required_argument : no_argument, .val = value};
}

static void collect(struct known *k, const struct command_line *line)
{
    size_t room = 3; /* --help, --version and the end */
    for (int t = 0; t < COMMAND_LINE_TABLES && line->tables[t]; t++)
        for (const struct option_row *row = line->tables[t]; row->name; row++)
            room++;
    *k = (struct known){.rows = xcalloc(room, sizeof *k->rows),
                        .longs = xcalloc(room, sizeof *k->longs),
                        .letters = xcalloc(room * 2 + 3, 1)};
    strcpy(k->letters, ":h"); /* ':' tells a missing value from an unknown option */
    for (int t = 0; t < COMMAND_LINE_TABLES && line->tables[t]; t++) {
        for (const struct option_row *row = line->tables[t]; row->name; row++) {
            if (row->kind == OPTION_HEADING)
                continue;
            const char letter[] = {row->letter, row->argument && row->letter ? ':' : '\0',
                                   '\0'};
            strcat(k->letters, letter);
            k->rows[k->count] = row;
            add(k, row->name, row->argument, FIRST_ROW + (int)k->count);
        }
    }
    add(k, "help", false, HELP);
    if (line->version)
        add(k, "version", false, VERSION);
}

static void release(struct known *k)
{
    free(k->rows);
    free(k->longs);
    free(k->letters);
}

/* The row of what getopt_long() returned; NULL for --help and --version. */
static const struct option_row *row_of(const struct known *k, int value)
{
    if (value >= FIRST_ROW)
        return k->rows[value - FIRST_ROW];
    for (size_t i = 0; i < k->count; i++)
        if (k->rows[i] && k->rows[i]->letter == value)
            return k->rows[i];
    return NULL;
}

static void store(const struct option_row *row, void *target, uint64_t value)
{
    char *field = (char *)target + row->field;
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
    if (row->kind == OPTION_NUMBER)
        die_usage("--%s: '%s' is not a number from %llu to %llu", name, value, low, high);
    if (row->kind == OPTION_SIZE)
        die_usage("--%s: '%s' is not a size such as 64k, from %llu to %llu bytes", name, value,
                  low, high);
    if (row->kind == OPTION_TIME)
        die_usage("--%s: '%s' is not a time such as 500ms or 30s%s, of %gs at most", name,
                  value, low ? ", above 0" : "", (double)high / NS_PER_S);
    if (row->kind == OPTION_RATE)
        die_usage("--%s: '%s' is not a rate such as 0.5, 1500 or 1.5k", name, value);
    die_usage("--%s: '%s' is not %s", name, value, row->argument);
}

static void take_word(const struct option_row *row, void *target, const char *value)
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

static void take(const struct option_row *row, void *target, const char *value)
{
    uint64_t number = 1;
    bool good = true;
    switch (row->kind) {
    case OPTION_HEADING:
        return;
    case OPTION_TEXT:
        memcpy((char *)target + row->field, &value, sizeof value);
        return;
    case OPTION_WORD:
        take_word(row, target, value);
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

/* What getopt_long() could not take: `optopt` is the value of an option that is known, a letter, or 0.
 * `word` is what it read last. */
_Noreturn static void wrong(const struct known *k, int value, const char *word)
{
    int name = (int)strcspn(word, "=");
    unsigned fits = 0;
    for (size_t i = 0; i < k->count && optopt == 0; i++)
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

int command_line_read(const struct command_line *line, int argc, char **argv)
{
    struct known k;
    collect(&k, line);
    opterr = 0;
    optind = 0; /* from the start, whatever was read before (getopt(3), notes) */
    for (;;) {
        int value = getopt_long(argc, argv, k.letters, k.longs, NULL);
        if (value == -1)
            break;
        if (value == ':' || value == '?')
            wrong(&k, value, argv[optind - 1]);
        const struct option_row *row = row_of(&k, value);
        if (row) {
            take(row, line->target, optarg);
            continue;
        }
        if (value == VERSION)
            puts(line->version);
        else
            command_line_help(line);
        exit(EXIT_SUCCESS);
    }
    release(&k);
    return optind;
}

void command_line_wrap(const char *text, size_t at, size_t indent)
{
    while (*text) {
        size_t n = strcspn(text, " \n");
        if (at > indent && at + 1 + n > COMMAND_LINE_WIDTH) {
            putchar('\n');
            at = 0;
        } else if (at > indent) {
            putchar(' ');
            at++;
        }
        if (at < indent) {
            printf("%*s", (int)(indent - at), "");
            at = indent;
        }
        at += (size_t)printf("%.*s", (int)n, text);
        text += n;
        if (*text == '\n') {
            putchar('\n');
            at = 0;
        }
        text += *text != '\0';
    }
    putchar('\n');
}

static bool has_letters(const struct command_line *line)
{
    for (int t = 0; t < COMMAND_LINE_TABLES && line->tables[t]; t++)
        for (const struct option_row *row = line->tables[t]; row->name; row++)
            if (row->letter)
                return true;
    return false;
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
    bool letters = has_letters(line);
    printf("Usage: %s\n", line->usage);
    command_line_wrap(line->about, 0, 0);
    if (line->tables[0] && line->tables[0]->kind != OPTION_HEADING)
        putchar('\n');
    for (int t = 0; t < COMMAND_LINE_TABLES && line->tables[t]; t++)
        for (const struct option_row *row = line->tables[t]; row->name; row++)
            show(row, letters);
    printf(letters ? "      --help%s\n" : "  --help%s\n", line->version ? ", --version" : "");
    if (line->notes) {
        putchar('\n');
        command_line_wrap(line->notes, 0, 0);
    }
}
