#include "bench/commands/commands.h"
int command_predict(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}
