/* iomodels serve: one server by hand. */
#include <string.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "common/err.h"

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "servers", "DIR", "where the server programs are (default: in this build)",
     OPTION_FIELD(struct paths, servers)},
    {0},
};

int command_serve(int argc, char **argv)
{
    struct paths paths = {0};
    const struct command_line line = {
        .usage = "iomodels serve [--servers DIR] MODEL [SERVER OPTIONS]\n",
        .about =
            "Run the server of one model in place of this program. 'iomodels list' names the "
            "models. 'iomodels serve MODEL --help' lists the options of a server.",
        .operand = "MODEL",
        .tables = {rows},
        .target = &paths,
        .leading = true,
    };
    int at = command_line_read(&line, argc, argv);
    if (at >= argc)
        die_usage("serve needs a model");
    if (argv[at][0] == '-' || strchr(argv[at], '/'))
        die_usage("'%s' is not the name of a model", argv[at]);
    paths_find(&paths);

    char *program = text_format("%s/%s", paths.servers, argv[at]);
    if (access(program, X_OK) != 0)
        die_usage("no model '%s'; 'iomodels list' shows those there are", argv[at]);
    argv[at] = program;
    execv(program, argv + at);
    die_errno("cannot run %s", program);
}
