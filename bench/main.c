/* iomodels: runs the experiments, judges them, draws the results. */
#include <stdio.h>
#include <string.h>

#include "bench/commands/commands.h"
#include "bench/commands/experiments.h"
#include "common/describe_options.h"
#include "common/err.h"
#include "common/inherit.h"
#include "common/output.h"

static const struct {
    const char *name;
    int (*run)(int, char **);
    const char *summary;
} commands[] = {
    {"run", command_run, "measure what a scenario asks for, and make plots and a report"},
    {"duel", command_duel, "find out which of two servers is faster"},
    {"crawl", command_crawl, "measure clients that make many requests to a slow server"},
    {"scale", command_scale, "hold many connections, and say what each takes of the memory"},
    {"list", command_list, "list the models, external servers, clients and scenarios"},
    {"machine", command_machine, "measure what a system call, a send or a switch costs here"},
    {"serve", command_serve, "run one server by hand"},
    {"plot", command_plot, "make summary.csv and plots again from what a run measured"},
    {"report", command_report, "make report.html again from what a run measured"},
    {"open", command_open, "show the report of a run in a browser"},
    {"profile", command_profile, "count a model's system calls, and follow one request"},
    {"trace", command_trace, "tell every model one story, and record its system calls"},
    {"explain", command_explain, "say where the CPU time of a request goes"},
    {"predict", command_predict, "say what a run would come to on another machine"},
    {"compare", command_compare, "hold one run against another: what became faster or slower"},
    {"merge", command_merge, "add up what several load generators measured together"},
    {"verify", command_verify, "check a run from its raw data"},
    {"check", command_check, "grade a server that somebody wrote"},
    {"replay", command_replay, "play one case of check once more, step by step"},
    {"lesson", command_lesson, "read a page, predict a number, measure it, be graded"},
    {"history", command_history, "models over commits, from the runs that were added"},
};

static const char about[] = "What does the way a server waits for I/O cost?";
static const char notes[] =
    "Exit status: 0 all is well, 1 something failed, 2 the command line is wrong,\n"
    "3 and 5 merge: the verdict is INVALID or FAILED, 4 compare --fail-on-regression\n"
    "found one, 130 interrupted.\n";

static void help(void)
{
    printf("Usage: iomodels COMMAND [OPTIONS]\n\n%s\n\n", about);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        printf("  %-8s %s\n", commands[i].name, commands[i].summary);
    printf("\niomodels COMMAND --help (or -h) lists the options of a command.\n%s", notes);
}

/* As describe_options() does, with a line "command NAME SUMMARY" for each command and each
 * experiment. */
static void describe(void)
{
    describe_line((const char *const[]){"about", about}, 2);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        describe_line((const char *const[]){"command", commands[i].name, commands[i].summary},
                      3);
    for (const struct experiment *e = experiments; e->name; e++)
        describe_line((const char *const[]){"experiment", e->name, e->question}, 3);
    describe_line((const char *const[]){"notes", notes}, 2);
}

int main(int argc, char **argv)
{
    err_set_program("iomodels");
    inherit_clean(INHERIT_FAILS);
    output_check_at_exit();
    if (argc < 2)
        die_usage("no command");
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help();
        return 0;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("iomodels %s\n", IOM_VERSION);
        return 0;
    }
    if (strcmp(name, DESCRIBE_OPTIONS) == 0) {
        describe();
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            err_set_command(name);
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    die_usage("unknown command '%s'", name);
}
