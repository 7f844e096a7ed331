#include "bench/commands/experiments.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bench/commands/commands.h"

const struct experiment experiments[] = {
    {"two-speeds", "Why has one and the same server two speeds?", command_two_speeds},
    {"crash", "What dies with a request that hits a bug, and who is served on?", command_crash},
    {"hog", "What do the others get while one client asks for all of the CPU?", command_hog},
    {"slow-clients", "Who is served on when clients come that hardly read?",
     command_slow_clients},
    {0},
};

const struct experiment *experiment_take(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        /* Behind "--out" it is a directory; behind "--out=x" it is not. */
        bool value = i > 1 && argv[i - 1][0] == '-' && !strchr(argv[i - 1], '=');
        for (const struct experiment *e = experiments; e->name && !value; e++) {
            if (strcmp(argv[i], e->name) != 0)
                continue;
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
            --*argc;
            return e;
        }
    }
    return NULL;
}
