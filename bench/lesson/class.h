/* What a group predicted: a directory with a file for each participant, NAME.json, which holds the
 * participant's last result of every lesson. docs/lessons.md has an example. */
#ifndef IOM_LESSON_CLASS_H
#define IOM_LESSON_CLASS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/lesson/measure.h"

struct lesson_result_of {
    const struct lesson *lesson;
    const struct lesson_measured *measured;
    uint64_t seed;
    double prediction;
    struct lesson_expression answer;
    struct lesson_value value;
    enum lesson_mark mark;
};

/* A result as JSON, the caller's. */
json_t *lesson_result_json(const struct lesson_result_of *r);

/* Whether `name` can be that of a participant: as name_is_good(), and with no dot at its beginning,
 * for a file with one is hidden. */
bool class_name_is_good(const char *name);

/* Put `result` into the file of `name` in the directory `dir`, which is made if need be, in the
 * place of that lesson's former result. Takes over nothing. False with one line in `error`. */
bool class_add(const char *dir, const char *name, json_t *result, char *error,
               size_t error_size);

/* One result of one participant. */
struct class_result {
    char *who;
    unsigned lesson;
    char *lesson_name;
    char *unit;
    double prediction;
    double middle, low, high;
    unsigned near; /* per cent */
    enum lesson_mark mark;
};

/* By lesson, and then by name. */
struct class_list {
    struct class_result *at;
    size_t count;
    unsigned bad; /* files that are no results */
};

/* Read all files of the directory; `bad_file` is told of each that is none, with one line. False
 * with one line in `error` where the directory cannot be read. */
bool class_read(struct class_list *list, const char *dir, void (*bad_file)(const char *why),
                char *error, size_t error_size);
void class_free(struct class_list *list);

#endif
