/* iomodels serve: one server by hand. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "common/err.h"

static void help(void)
{
    printf("Usage: iomodels serve [--servers DIR] MODEL [SERVER OPTIONS]\n"
           "\n"
           "Run the server of one model in place of this program. 'iomodels list' names the\n"
           "models. 'iomodels serve MODEL --help' lists the options of a server.\n");
}

int command_serve(int argc, char **argv)
{
    struct paths paths = {0};
    int at = 1;
    if (argc > 2 && strcmp(argv[1], "--servers") == 0) {
        paths.servers = argv[2];
        at = 3;
    }
    if (at < argc && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
        help();
        return 0;
    }
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
