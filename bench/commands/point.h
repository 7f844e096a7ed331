/* The point that a command is about: "--at http,64". */
#ifndef IOM_COMMANDS_POINT_H
#define IOM_COMMANDS_POINT_H

#include <stdbool.h>

#include "bench/base/protocol.h"

struct point {
    bool given;
    enum protocol protocol;
    unsigned at; /* connections, or the value on the axis of a run */
};

/* Read "http,64" or "echo,1"; the number is `least` to `most`. False where `text` is neither. */
bool point_parse(struct point *out, const char *text, unsigned least, unsigned most);

/* What point_parse() takes, for the line that refuses something else. */
extern const char point_expects[], point_on_axis_expects[];

/* The run directory that a command is given: argv[at], or where there is none the newest run below
 * `results`, whose path is then printed. Ends the program where there is none, or more than one
 * is given. The caller frees it. */
char *point_run(int argc, char **argv, int at, const char *results);

#endif
