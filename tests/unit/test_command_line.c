#include "common/command_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "unit.h"

struct target {
    bool quiet;
    int backlog;
    size_t size;
    uint64_t time, rate;
    const char *file;
    unsigned engine;
    char calls[64];
};

static struct target target;
static uint16_t level;

static bool call(void *to, const char *value)
{
    struct target *t = to;
    strncat(t->calls, value, sizeof t->calls - strlen(t->calls) - 1);
    return strcmp(value, "bad") != 0;
}

static const char *const engines[] = {"auto", "epoll", "io_uring", NULL};

static const struct option_row rows[] = {
    {OPTION_NUMBER, 'b', "backlog", "N", "connections that wait (7)",
     OPTION_FIELD(struct target, backlog), .low = 1, .high = 100},
    {OPTION_HEADING, .name = "", .help = "More"},
    {OPTION_FLAG, 'q', "quiet", NULL, "say nothing", OPTION_FIELD(struct target, quiet)},
    {OPTION_SIZE, 0, "size", "SIZE", "of a thing", OPTION_FIELD(struct target, size), .low = 1,
     .high = 1 << 20},
    {OPTION_TIME, 0, "time", "TIME", "how long", OPTION_FIELD(struct target, time),
     .high = 60 * NS_PER_S},
    {OPTION_RATE, 'R', "rate", "RATE", "how often", OPTION_FIELD(struct target, rate), .low = 1,
     .high = 10000000},
    {OPTION_TEXT, 0, "file", "FILE",
     "a name that takes many words to explain, more than go into one line beside the option, "
     "so that they are wrapped\nand a line of its own",
     OPTION_FIELD(struct target, file)},
    {OPTION_WORD, 0, "engine", "NAME", "which", OPTION_FIELD(struct target, engine),
     .words = engines},
    {OPTION_CALL, 0, "call", "TEXT", "whatever", .call = call, .expects = "a good word"},
    {.name = NULL},
};

static const struct option_row none[] = {{.name = NULL}};

static const struct option_row own[] = {
    {OPTION_NUMBER, 0, "level", "N", NULL, OPTION_VARIABLE(level), .high = 10},
    {.name = NULL},
};

static const struct command_line line = {.usage = "prog [OPTION]... FILE",
                                         .about = "Does things.",
                                         .version = "prog 1",
                                         .notes = "Exit status:\n  0  good\n\nThat is all.",
                                         .tables = {rows, none, own},
                                         .target = &target};

/* Read these words, the last NULL. Returns the number of operands. */
static int read_words(char **words)
{
    int count = 0;
    while (words[count])
        count++;
    target = (struct target){.backlog = 7};
    return count - command_line_read(&line, count, words);
}

#define READ(...) read_words((char *[]){(char[]){"prog"}, __VA_ARGS__, NULL})

static void stores_each_kind(void **state)
{
    (void)state;
    assert_int_equal(READ("-b3", "one", "-q", "--size", "4k", "--time=20ms", "-R", "1.5k",
                          "--file", "x", "--engine", "io_uring", "--call", "a", "--call", "b",
                          "two"),
                     2);
    assert_int_equal(target.backlog, 3);
    assert_true(target.quiet);
    assert_int_equal(target.size, 4096);
    assert_int_equal(target.time, 20 * NS_PER_MS);
    assert_int_equal(target.rate, 1500000);
    assert_string_equal(target.file, "x");
    assert_int_equal(target.engine, 2);
    assert_string_equal(target.calls, "ab");
    assert_int_equal(READ("--", "-q"), 1);
    assert_false(target.quiet);
    assert_int_equal(READ("--qui", "--level", "9"), 0);
    assert_true(target.quiet);
    assert_int_equal(level, 9);
}

static void leading_options_end_at_an_operand(void **state)
{
    (void)state;
    struct command_line leading = line;
    leading.leading = true;
    char *words[] = {(char[]){"prog"}, (char[]){"-q"}, (char[]){"one"}, (char[]){"--what"},
                     NULL};
    assert_int_equal(command_line_read(&leading, 4, words), 2);
    assert_string_equal(words[2], "one");
}

/* What a child that reads `words` says on `descriptor`, and its exit status. */
static int said(char **words, int descriptor, char *out, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], descriptor);
        read_words(words);
        _exit(99);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t n; (n = read(ends[0], out + used, size - 1 - used)) > 0;)
        used += (size_t)n;
    out[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void refuses(char **words, const char *message)
{
    char out[512], wanted[512];
    snprintf(wanted, sizeof wanted, "prog: %s\nTry 'prog --help'.\n", message);
    assert_int_equal(said(words, STDERR_FILENO, out, sizeof out), EXIT_USAGE);
    assert_string_equal(out, wanted);
}

#define REFUSES(message, ...) refuses((char *[]){(char[]){"prog"}, __VA_ARGS__, NULL}, message)

static void names_what_is_wrong(void **state)
{
    (void)state;
    err_set_program("prog");
    REFUSES("--backlog: '0' is not a number from 1 to 100", "--backlog", "0");
    REFUSES("--backlog: 'x' is not a number from 1 to 100", "-qb", "x");
    REFUSES("--size: '2M' is not a size such as 64k, from 1 to 1048576 bytes", "--size", "2M");
    REFUSES("--time: 'soon' is not a time such as 20ms or 1.5s, at most 60 s", "--time=soon");
    REFUSES("--rate: '-1' is not a rate such as 0.5, 1500 or 1.5k, from 0.001 to 10000", "-R",
            "-1");
    REFUSES("--engine: 'kqueue' is not auto, epoll or io_uring", "--engine", "kqueue");
    REFUSES("--call: 'bad' is not a good word", "--call", "bad");
    REFUSES("unknown option '--fast'", "one", "--fast=3", "two");
    REFUSES("unknown option '-x'", "-qx");
    REFUSES("unknown option '--'", "--=1");
    REFUSES("--size needs a value", "--size");
    REFUSES("-b needs a value", "-qb");
    REFUSES("--quiet takes no value", "--quiet=1");
}

static void helps(void **state)
{
    char out[4096];
    char *help[] = {(char[]){"prog"}, (char[]){"-h"}, NULL};
    char *version[] = {(char[]){"prog"}, (char[]){"--version"}, NULL};
    (void)state;
    assert_int_equal(said(version, STDOUT_FILENO, out, sizeof out), 0);
    assert_string_equal(out, "prog 1\n");
    assert_int_equal(said(help, STDOUT_FILENO, out, sizeof out), 0);
    assert_string_equal(
        out,
        "Usage: prog [OPTION]... FILE\n"
        "Does things.\n"
        "\n"
        "  -b, --backlog N         connections that wait (7)\n"
        "\n"
        "More\n"
        "  -q, --quiet             say nothing\n"
        "      --size SIZE         of a thing\n"
        "      --time TIME         how long\n"
        "  -R, --rate RATE         how often\n"
        "      --file FILE         a name that takes many words to explain, more than go into "
        "one\n"
        "                          line beside the option, so that they are wrapped\n"
        "                          and a line of its own\n"
        "      --engine NAME       which\n"
        "      --call TEXT         whatever\n"
        "  -h, --help, --version\n"
        "\n"
        "Exit status:\n"
        "  0  good\n"
        "\n"
        "That is all.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_each_kind),
        cmocka_unit_test(leading_options_end_at_an_operand),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
