/* What a scenario expects, in a form that a program can judge. One line each, in [scenario]:
 *
 *     expect = FORM
 *     expect = FORM: a sentence that says why
 *
 * and FORM is one of
 *
 *     ratio([METRIC] MODEL, AXIS=V / AXIS=W) OP NUMBER    a model at two values of the axis
 *     ratio([METRIC] MODEL / MODEL, AXIS=V) OP NUMBER     two models at one value
 *     value(METRIC MODEL, AXIS=V) OP NUMBER               the figure itself
 *     within([METRIC] MODEL, MODEL, N%[, AXIS=V])         their ratio is between 1/(1+N%) and 1+N%;
 *                                                         without a value: wherever both are
 *     saturates(MODEL, at = RATE)                         the rate is RATE, within 10 %, at the
 *                                                         last value of the axis, and has stopped
 *                                                         to grow; RATE is requests/s, or
 *                                                         `workers / wait`
 *
 * MODEL can be several in braces, {select, poll}: the form then holds for each. METRIC is a column
 * of summary.csv; `rate`, where it is left out. OP is <, <=, > or >=. AXIS is that of the sweep.
 *
 * record/prediction.h judges them. */
#ifndef IOM_EXPECTATION_H
#define IOM_EXPECTATION_H

#include <stdbool.h>
#include <stddef.h>

enum expectation_form {
    EXPECT_RATIO_OF_POINTS,
    EXPECT_RATIO_OF_MODELS,
    EXPECT_VALUE,
    EXPECT_WITHIN,
    EXPECT_SATURATES,
};

enum expectation_op { OP_LESS, OP_AT_MOST, OP_MORE, OP_AT_LEAST };

struct expectation_names {
    char **at;
    size_t count;
};

struct expectation {
    char *text;     /* the form, as it stands in the scenario */
    char *sentence; /* "": none */
    int line;       /* of the scenario; 0: not known */
    enum expectation_form form;
    char *metric;
    struct expectation_names models;
    struct expectation_names against; /* of a ratio of models, and of within() */
    char *axis;                       /* NULL: no value is named */
    unsigned at;
    unsigned against_at;    /* of a ratio of points */
    enum expectation_op op; /* of ratios and value() */
    /* what OP compares with; the share of within(), 0.05 for 5%; the requests/s of saturates() */
    double limit;
    bool by_workers; /* saturates() at workers / wait: there is no limit */
};

struct expectations {
    struct expectation *at;
    size_t count;
};

/* How far a rate may be from the one at which a model saturates, and may still grow. */
#define EXPECTATION_SATURATED 0.10

/* Whether `text` begins as one of the forms: a known name and '('. Any other text is prose. */
bool expectation_is_form(const char *text);

/* Read `text`, which stands in line `line`, and add it to `list`. Returns false with what is wrong
 * in `error`, without a place. */
bool expectations_add(struct expectations *list, const char *text, int line, char *error,
                      size_t error_size);
void expectations_free(struct expectations *list);

#endif
