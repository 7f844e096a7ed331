/* Command lines from tables.
 *
 * A program states each option once: its name, what --help says of the option, and where its value
 * goes. From the same rows come the parsing (getopt_long(3)), the one line that names what is wrong
 * with a value, and the text of --help. Every program has --help, -h and --version without stating
 * them. */
#ifndef IOM_COMMAND_LINE_H
#define IOM_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kind of an option's value: how it is read, and what is stored in the field. */
enum option_kind {
    OPTION_HEADING, /* no option: `help` is a line between the options of --help */
    OPTION_FLAG,    /* no value; a bool becomes true */
    OPTION_NUMBER,  /* parse_u64(), from `low` to `high`; any unsigned or signed integer */
    OPTION_SIZE,    /* parse_size() */
    OPTION_TIME,    /* parse_duration() in nanoseconds; uint64_t */
    OPTION_RATE,    /* parse_rate_milli(), in thousandths; uint64_t */
    OPTION_TEXT,    /* const char *, into argv */
    OPTION_WORD,    /* one of `words`; an integer or enum becomes its index */
    OPTION_CALL,    /* `call` does what is to be done */
};

struct option_row {
    enum option_kind kind;
    char letter;          /* the short form; 0 for none */
    const char *name;     /* the long form, without dashes; NULL ends a table */
    const char *argument; /* what --help calls the value; NULL where there is none */
    /* wrapped by --help; a newline in it begins a new line. NULL: --help says nothing of the
     * option */
    const char *help;
    size_t field, size;       /* OPTION_FIELD(): where the value goes in the target */
    void *variable;           /* OPTION_VARIABLE(): where the value goes instead */
    uint64_t low, high;       /* the bounds of a number, size, time or rate; both are allowed */
    const char *const *words; /* NULL-ended */
    const char *expects;      /* instead of what the kind says: "'x' is not EXPECTS" */
    /* `value` is NULL for an option without one. False refuses the value, which `expects` explains;
     * a function with more to say ends the program by die_usage() itself. */
    bool (*call)(void *target, const char *value);
};

/* The field of a row: `OPTION_FIELD(struct options, backlog)`. */
#define OPTION_FIELD(type, member)                                                             \
    .field = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* A static variable: `OPTION_VARIABLE(capacity)`. */
#define OPTION_VARIABLE(name) .variable = &(name), .size = sizeof(name)

#define COMMAND_LINE_TABLES 4

struct command_line {
    const char *usage;   /* what follows "Usage: ", of one line or more */
    const char *about;   /* what the program does; wrapped */
    const char *operand; /* what an operand is, in words of `argument`: for completion */
    const char *notes;   /* what --help says after the options; wrapped; NULL for nothing */
    const char *version; /* what --version prints, without line break; NULL: no --version */
    /* Shown and looked up in this order. Unused ones are NULL. */
    const struct option_row *tables[COMMAND_LINE_TABLES];
    void *target; /* the struct that the fields are of */
    bool leading; /* options stand before the first operand only: what follows is another's */
};

/* Read the command line. Options may stand before and after operands, and "--" ends the options, as
 * getopt_long(3) says; long names may be shortened as long as one option fits. Returns the index in
 * `argv` of the first operand; operands are moved behind the options.
 *
 * Ends the program: with status 0 after --help, --version and what describe_options.h tells of (1
 * where standard output takes no more), with status 2 and one line (and a hint to --help) where an
 * option is unknown, lacks its value or has a wrong one. */
int command_line_read(const struct command_line *line, int argc, char **argv);

/* Print what --help prints. */
void command_line_help(const struct command_line *line);

/* Write `text` to standard output in lines of at most COMMAND_LINE_WIDTH bytes, broken at blanks,
 * the first beginning at column `at`, where the output stands, and the others at `indent`. */
void command_line_wrap(const char *text, size_t at, size_t indent);

#define COMMAND_LINE_WIDTH 92

#endif
