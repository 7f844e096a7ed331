#include "common/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_rewrites(void)
{
    const char *type = getenv("TERM");
    const char *plain = getenv("NO_COLOR");

    return isatty(STDERR_FILENO) && type && type[0] && strcmp(type, "dumb") != 0 &&
           !(plain && plain[0]);
}
