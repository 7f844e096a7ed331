/* The lessons that the program has. */
#ifndef IOM_LESSON_KNOWN_H
#define IOM_LESSON_KNOWN_H

#include <stddef.h>

struct lesson_file {
    const char *name; /* "select" */
    const char *file; /* "05-select.lesson" */
    const char *text;
};

/* In their order; the last has the name NULL. */
extern const struct lesson_file lesson_files[];

#endif
