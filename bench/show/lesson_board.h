/* The picture of a group's predictions. */
#ifndef IOM_LESSON_BOARD_H
#define IOM_LESSON_BOARD_H

#include "bench/lesson/class.h"

/* Draw to the file `svg`: for each lesson what was predicted, as a multiple of what was measured.
 * The picture's description has the same as text. False with one line in `error`. */
bool board_draw(const struct class_list *list, const char *scripts, const char *svg,
                char *error, size_t error_size);

#endif
