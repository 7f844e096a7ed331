/* What the models make at most in a closed loop: the loads of axis `load` are parts of that. */
#ifndef IOM_PEAKS_H
#define IOM_PEAKS_H

#include <stddef.h>

#include "bench/trial/row.h"

struct peaks {
    struct peak {
        enum protocol protocol;
        char model[64];
        double rps;
        int worth; /* 2 of a valid trial, 1 of one that is INVALID, 0 of one that was counted */
    } * at;
    size_t count;
};

/* Keep the peak that `row` has, if it has one: the last one of a model stands, but
 * one that is worth less takes the place of none. */
void peaks_note(struct peaks *p, const struct trial_row *row);

/* The peak of a model, requests a second. NaN: none was measured. */
double peaks_get(const struct peaks *p, enum protocol protocol, const char *model);

void peaks_free(struct peaks *p);

#endif
