/* What a terminal shows of a lesson and of a group's predictions. All goes to standard output. */
#ifndef IOM_LESSON_TEXT_H
#define IOM_LESSON_TEXT_H

#include "bench/lesson/class.h"

/* A line of the list of lessons. */
void lesson_tell_line(const struct lesson *l);

/* The page, what to read, what is measured, and the question as `seed` varies it. */
void lesson_tell_page(const struct lesson *l, uint64_t seed);

/* What was measured, and what the prediction is worth. */
void lesson_tell_mark(const struct lesson_result_of *r);

/* The explanation, with its figures filled in, and what the measurement says of each claim. */
void lesson_tell_explanation(const struct lesson *l, const struct lesson_servers *servers,
                             const struct lesson_measured *m);

/* Each claim with its verdict; returns how many were contradicted. */
unsigned lesson_tell_claims(const struct lesson *l, const struct lesson_measured *m);

/* A group's predictions by lesson, and each participant's points. */
void lesson_tell_board(const struct class_list *list);

enum { LESSON_VALUE_TEXT = 128 };

/* "0.31 [0.29–0.34]", with the unit where there is one; "n/a". Returns `out`. */
char *lesson_value_text(const struct lesson_value *v, const char *unit,
                        char out[LESSON_VALUE_TEXT]);

#endif
