/* The point that a command is about: "--at http,64". */
#ifndef IOM_COMMANDS_POINT_H
#define IOM_COMMANDS_POINT_H

#include <stdbool.h>

#include "bench/base/protocol.h"

struct point {
    bool given;
    enum protocol protocol;
    unsigned connections;
};

/* Read "http,64" or "echo,1". False where `text` is neither. */
bool point_parse(struct point *out, const char *text);

/* What point_parse() takes, for the line that refuses something else. */
extern const char point_expects[];

/* The run directory that a command is given: argv[at], or where there is none the newest run below
 * `results`, whose path is then printed. Ends the program where there is none, or more than one
 * is given. The caller frees it. */
char *point_run(int argc, char **argv, int at, const char *results);

#endif
