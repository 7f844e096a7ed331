/* A lesson: a page to read, a question whose answer is a number, and what is measured to find that
 * number. A lesson is a file (bench/lessons/05-select.lesson); docs/lessons.md describes the
 * keys. */
#ifndef IOM_LESSON_H
#define IOM_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LESSON_SIDES = 6,
    LESSON_VARIABLES = 6,
    LESSON_VALUES = 16,
    LESSON_WORDS = 16, /* of the load of a side */
    LESSON_PATHS = 8,
};

/* Whether `name` is one of a lesson: of a-z, 0-9 and '-'. */
bool lesson_name_is_good(const char *name);

/* A text, and the line of the file on which it begins. */
struct lesson_text {
    char *text; /* NULL: the file has none */
    int line;
};

struct lesson_texts {
    struct lesson_text *at;
    size_t count;
};

/* One thing that is measured: a server under a load. */
struct lesson_side {
    char *name;
    struct lesson_text server; /* a model and its options, as on a command line */
    struct lesson_text load;   /* words for iomodels-load */
    struct lesson_text paths;  /* what HTTP asks for, with weights, by blanks; "/" at least */
};

/* What the seed varies. All variables of a lesson have as many values, and the seed picks the same
 * place in each. */
struct lesson_variable {
    char *name;
    char *values[LESSON_VALUES];
    size_t count;
    int line;
};

struct lesson {
    char *file;      /* for messages */
    unsigned number; /* from 1 */
    char *name;      /* one word */
    char *title;
    struct lesson_texts page;    /* paragraphs */
    struct lesson_texts read;    /* source files, with what to look at */
    struct lesson_text question; /* its answer is the value of `answer` */
    struct lesson_text answer;   /* expression.h */
    struct lesson_texts explain; /* paragraphs, with {EXPRESSION} for figures */
    struct lesson_texts claim;   /* what the explanation says, to be judged: expression.h */
    unsigned near;               /* full marks within so many per cent of what was measured */
    unsigned rounds;             /* windows of each side */
    uint64_t window_ns;
    struct lesson_side sides[LESSON_SIDES];
    size_t side_count;
    struct lesson_variable variables[LESSON_VARIABLES];
    size_t variable_count;
    size_t choice; /* the place that the seed picked */
};

/* Read the lesson in `text`, the content of `file`, with its variables as `seed` picks them. False
 * with one line in `error`, "FILE:LINE: what is wrong", also where another seed would make the
 * lesson wrong. lesson_free() in both cases. */
bool lesson_read(struct lesson *l, const char *text, const char *file, uint64_t seed,
                 char *error, size_t error_size);
void lesson_free(struct lesson *l);

#endif
